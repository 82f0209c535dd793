"""Ten thousand sleepers whose alarm rings in the same second."""

import time
from datetime import UTC, datetime

from django.db import connection, transaction

from bench.crew import Crew, wait_for
from bench.place import Place
from bench.rows import Row, at_most, figure
from workflows import engine
from workflows.models import Run

HERD = 10_000


def measure(place: Place) -> list[Row]:
    with Crew(place):
        engine.start_many("doze", [{}] * HERD)
        awake = Run.objects.filter(workflow="doze").exclude(status="waiting")
        wait_for(lambda: not awake.exists(), seconds=300, what="the herd's sleep", every=0.5)
        alarm = datetime.fromtimestamp(int(time.time()) + 2, UTC)
        _set_alarm(alarm)
        asleep = Run.objects.filter(workflow="doze").exclude(status="succeeded")
        wait_for(lambda: not asleep.exists(), seconds=300, what="the herd's start", every=0.5)
    outputs = Run.objects.filter(workflow="doze").values_list("output", flat=True)
    last = max(float(output or 0) for output in outputs) - alarm.timestamp()
    return [
        at_most(60, figure("10,000 runs due at once, the last one starts after", last, "s")),
        figure("runs woken", HERD / last, "runs/s"),
    ]


def _set_alarm(at: datetime) -> None:
    moment = connection.ops.adapt_datetimefield_value(at)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE workflows_step SET wake_at = %s WHERE kind = 'sleep'", [moment])
        cursor.execute("UPDATE workflows_run SET wake_at = %s WHERE status = 'waiting'", [moment])
        if connection.vendor == "postgresql":
            cursor.execute("NOTIFY holdfast_doorbell")
