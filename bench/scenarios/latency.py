"""How soon an idle worker starts a run, hears an event and wakes from a sleep, and what its idleness costs."""

import statistics
import time

from bench import yardstick
from bench.crew import Crew, wait_for
from bench.place import Place
from bench.rows import Row, at_most, figure
from bench.timing import output_of, percentile, start_latencies
from workflows import engine
from workflows.models import Run, Step

COUNT, NAPS, THEIRS = 30, 60, 8
IDLE_SECONDS = 10


def measure(place: Place) -> list[Row]:
    theirs = yardstick.ask(place, "latency", THEIRS)
    with Crew(place) as crew:
        start_latencies(3)
        idle = _idle_share(crew)
        start, event, late = start_latencies(COUNT), _event_latencies(), _lateness()
    median = statistics.median
    return [
        at_most(20, figure("creation to first step, median", median(start), "ms", baseline=theirs.get("start"))),
        figure("creation to first step, p95", percentile(start, 0.95), "ms"),
        at_most(20, figure("event to resumption, median", median(event), "ms", baseline=theirs.get("event"))),
        figure("event to resumption, p95", percentile(event, 0.95), "ms"),
        at_most(250, figure("sleep of 2 s, late, p99", percentile(late, 0.99), "ms", baseline=theirs.get("late"))),
        figure("sleep of 2 s, late, median", median(late), "ms"),
        at_most(2, figure("CPU of the idle worker's processes", idle, "% of a core")),
    ]


def _idle_share(crew: Crew) -> float:
    """Return the percentage of a core that all the worker's processes use while nothing is due."""
    time.sleep(2)
    before, began = crew.cpu_seconds(), time.monotonic()
    time.sleep(IDLE_SECONDS)
    return 100 * (crew.cpu_seconds() - before) / (time.monotonic() - began)


def _event_latencies() -> list[float]:
    """Return the milliseconds from `send_event` to the next step of a run that waits for it."""
    found = []
    for _number in range(COUNT):
        run = engine.start("listen", {})
        waiting = Run.objects.filter(pk=run.pk, status="waiting")
        wait_for(waiting.exists, seconds=30, what="a waiting run")
        time.sleep(0.3)
        began = time.time()
        engine.send_event(run.pk, "go")
        found.append(1000 * (output_of(run) - began))
    return found


def _lateness() -> list[float]:
    """Return the milliseconds from the end of a sleep to the step behind it."""
    made = []
    for _number in range(NAPS):
        made.append(engine.start("nap", {}))
        time.sleep(0.11)
    found = []
    for run in made:
        woken = output_of(run)
        began_at = Step.objects.get(run=run, position=0).started_at
        found.append(1000 * (woken - began_at.timestamp() - 2))
    return found
