"""Two clusters share one database for a minute: runs, a queue and a schedule that fires each second."""

import os
import time
from contextlib import ExitStack
from itertools import pairwise

from django.db.models import Count

from bench.app.models import Line
from bench.crew import Crew, wait_for
from bench.place import Place
from bench.rows import Row, exactly, figure
from workflows import engine
from workflows.models import Firing, Message, Run
from workflows.models.runs import FINISHED

SECONDS = float(os.environ.get("STORM_SECONDS", "60"))
RUNS_A_ROUND, MESSAGES_A_ROUND = 10, 40


def measure(place: Place) -> list[Row]:
    with ExitStack() as stack:
        for _cluster in range(2):
            stack.enter_context(Crew(place, BENCH_TICK="1"))
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            engine.start_many("shifts", [{}] * RUNS_A_ROUND)
            engine.send_batch("bench", ["note"] * MESSAGES_A_ROUND)
            time.sleep(1)
        unfinished = Run.objects.exclude(status__in=FINISHED).exclude(workflow="tick")
        pending = Message.objects.filter(acknowledged_at=None)
        wait_for(lambda: not unfinished.exists() and not pending.exists(), seconds=120, what="the end", every=0.5)
    return [*_runs(), *_firings(), *_messages()]


def _runs() -> list[Row]:
    """A run is held twice where a claim began before an earlier one had ended."""
    runs = Run.objects.filter(workflow="shifts")
    shifts: dict[str, list[Line]] = {}
    for line in Line.objects.filter(what="shift").order_by("began_at"):
        shifts.setdefault(line.run, []).append(line)
    twice = sum(
        before.ended_at is None or after.began_at < before.ended_at or after.fence < before.fence
        for lines in shifts.values()
        for before, after in pairwise(lines)
    )
    return [
        exactly(0, figure("runs held twice at once", twice, "runs")),
        exactly(5 * runs.count(), figure("shifts worked", sum(map(len, shifts.values())), "steps")),
        exactly(0, figure("runs not succeeded", runs.exclude(status="succeeded").count(), "runs")),
    ]


def _firings() -> list[Row]:
    fired = Firing.objects.filter(schedule_id="tick")
    times = sorted(fired.values_list("fire_at", flat=True))
    gaps = sum((after - before).total_seconds() != 1 for before, after in pairwise(times))
    ticked = Line.objects.filter(what="tick").values("run").annotate(times=Count("pk"))
    doubled = sum(one["times"] > 1 for one in ticked)
    return [
        figure("firings of a schedule each second", len(times), ""),
        exactly(0, figure("seconds without a firing, or with two", gaps, "")),
        exactly(len(times), figure("runs of the schedule", Run.objects.filter(workflow="tick").count(), "runs")),
        exactly(0, figure("firings that were executed twice", doubled, "")),
    ]


def _messages() -> list[Row]:
    lines = Line.objects.filter(what="message").values("run").annotate(times=Count("pk"))
    doubled = sum(line["times"] > 1 for line in lines)
    sent = Message.objects.filter(queue="bench").count()
    return [
        exactly(sent, figure("messages consumed", lines.count(), "messages")),
        exactly(0, figure("messages acknowledged twice", doubled, "messages")),
    ]
