"""The process that holds a run is frozen for longer than its lease; another finishes the run; then it wakes up."""

import signal
import time
from typing import Any

from bench.app.models import Line
from bench.crew import Crew, wait_for
from bench.place import Place
from bench.rows import Row, exactly, figure
from workflows import engine
from workflows.models import Attempt, Run, Step

AFTERWARDS = 6
"""Seconds that the frozen process has to do harm: more than what is left of its step."""


def measure(place: Place) -> list[Row]:
    with Crew(place) as crew:
        run = engine.start("freeze", {})
        lines = Line.objects.filter(run=run.pk, what="hold")
        wait_for(lines.exists, seconds=20, what="the step")
        holder = Run.objects.values_list("worker", flat=True).get(pk=run.pk)
        frozen = next(one for one in crew.pool() if one.pid == int(holder.rpartition(":")[2]))
        frozen.send_signal(signal.SIGSTOP)
        began = time.monotonic()
        wait_for(Run.objects.filter(pk=run.pk, status="succeeded").exists, seconds=60, what="another worker", every=0.1)
        took, before = time.monotonic() - began, _everything(run)
        frozen.send_signal(signal.SIGCONT)
        woke = wait_for(lambda: lines.filter(ended_at__isnull=False).count() == 2, seconds=20, what="the late end")
        time.sleep(AFTERWARDS)
        changed = sum(after != row for row, after in zip(before, _everything(run), strict=True))
        marks = Line.objects.filter(run=run.pk, what="mark").count()
    return [
        figure("frozen, until another worker had finished", took, "s"),
        exactly(1, figure("the frozen process went on with its step", float(woke), "")),
        exactly(0, figure("rows that it changed", changed, "rows")),
        exactly(1, figure("marks of the transaction", marks, "rows")),
    ]


def _everything(run: Run) -> list[Any]:
    """Return all that is recorded about the run."""
    rows = [Run.objects.filter(pk=run.pk), Step.objects.filter(run=run), Attempt.objects.filter(step__run=run)]
    return [tuple(found.order_by("pk").values_list()) for found in rows]
