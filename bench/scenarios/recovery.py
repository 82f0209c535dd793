"""What kill -9 of each of the worker's processes costs."""

import time

from bench.app.models import Line
from bench.crew import Crew, wait_for
from bench.place import Place
from bench.rows import Row, at_most, figure
from bench.timing import output_of
from workflows import engine
from workflows.models import Run
from workflows.transitions import guarding

LEASE = guarding.LEASE.total_seconds()
PARTS = ("pool", "pusher", "monitor", "sentinel")
"""One idle process of the pool holds the lock of django-q2's queue, nobody sees which: all are killed."""


def measure(place: Place) -> list[Row]:
    with Crew(place) as crew:
        rows = [at_most(LEASE + 2, figure("process with a step killed, step begins again", _held(crew), "s"))]
        rows += [at_most(15, figure(f"idle {part} killed, next run starts", _idle(crew, part), "s")) for part in PARTS]
    return rows


def _held(crew: Crew) -> float:
    """Kill the process that holds a run in a step; return the seconds until the step's next attempt begins."""
    run = engine.start("hold", {"seconds": 4})
    lines = Line.objects.filter(run=run.pk, what="hold")
    wait_for(lines.exists, seconds=20, what="the step")
    time.sleep(1)
    holder = Run.objects.values_list("worker", flat=True).get(pk=run.pk)
    killed_at = time.time()
    next(one for one in crew.pool() if one.pid == int(holder.rpartition(":")[2])).kill()
    wait_for(lambda: lines.count() > 1, seconds=60, what="the next attempt")
    began: float = lines.order_by("-began_at").values_list("began_at", flat=True)[0]
    wait_for(lambda: Run.objects.filter(pk=run.pk, status="succeeded"), seconds=60, what="the end of the run")
    return began - killed_at


def _idle(crew: Crew, part: str) -> float:
    """Kill that part of an idle worker; return the seconds until a run created then starts."""
    output_of(engine.start("stamp", {}))
    time.sleep(2)
    killed_at = time.time()
    for process in crew.part(part):
        process.kill()
    return output_of(engine.start("stamp", {})) - killed_at
