"""The workflows that are measured."""

import os
import random
import time
from collections.abc import Sequence
from datetime import timedelta
from functools import partial

from bench.app.models import Line
from workflows import engine
from workflows.models import Run

OFTEN = engine.Retry(limit=100, delay=timedelta(0), jitter=0)
"""For code whose worker is killed on purpose."""


def trivial(number: int) -> int:
    return number + 1


@engine.workflow()
def three(step: engine.Steps) -> int:
    one = step.do("one", trivial, 0)
    two = step.do("two", trivial, one)
    return int(step.do("three", trivial, two))


@engine.workflow()
def long(step: engine.Steps, *, steps: int) -> None:
    for number in range(steps):
        step.do("step", trivial, number)


@engine.workflow()
def stamp(step: engine.Steps) -> float:
    return float(step.do("stamp", time.time))


@engine.workflow()
def listen(step: engine.Steps) -> float:
    step.wait_for_event("listen", "go")
    return float(step.do("heard", time.time))


@engine.workflow()
def nap(step: engine.Steps) -> float:
    step.sleep("nap", timedelta(seconds=2))
    return float(step.do("woken", time.time))


@engine.workflow()
def doze(step: engine.Steps) -> float:
    """Sleep until somebody sets the alarm."""
    step.sleep("doze", timedelta(days=1))
    return float(step.do("woken", time.time))


@engine.workflow()
def hold(step: engine.Steps, *, seconds: float) -> None:
    """Hold a worker; each attempt leaves a line when it begins and notes when it ends."""
    step.do("hold", note, step.run_id, "hold", seconds=seconds, retry=OFTEN)


def note(run: str, what: str, *, seconds: float = 0.0) -> None:
    fence = Run.objects.values_list("fence", flat=True).get(pk=run)
    line = Line.objects.create(run=run, what=what, fence=fence, began_at=time.time())
    time.sleep(seconds)
    Line.objects.filter(pk=line.pk).update(ended_at=time.time())


@engine.consumer("bench")
def consume(batch: engine.Batch) -> None:
    for message in batch:
        if message.body == "note":
            enter(str(message.id), "message")


# --- What a storm goes over -------------------------------------------------------------------------------------------


@engine.workflow()
def storm(step: engine.Steps, *, number: int, nap: float, doom: str) -> int:
    """Six steps; `doom` says whether the child or the last step ends it, so that its end is known beforehand."""
    step.do("flaky", flaky, retry=OFTEN)
    step.transaction("ledger", enter, step.run_id, "ledger", retry=OFTEN)
    step.sleep("nap", timedelta(seconds=nap))
    step.wait_for_event("go", "go")
    items = [f"map {item}" for item in range(3)]
    step.map("map", partial(enter_all, step.run_id), items, batch=1, in_transaction=True, retry=OFTEN)
    step.child("child", storm_child, doomed=doom == "child")
    if doom == "step":
        step.do("doomed", fail_for_good)
    return number


@engine.workflow()
def storm_child(step: engine.Steps, *, doomed: bool) -> None:
    step.transaction("ledger", enter, step.run_id, "child", retry=OFTEN)
    if doomed:
        step.do("doomed", fail_for_good)


def flaky() -> None:
    if random.random() < 0.3:
        raise RuntimeError("bad luck")


def fail_for_good() -> None:
    raise engine.NonRetryable("as the model says")


def enter(run: str, what: str) -> None:
    Line.objects.create(run=run, what=what)


def enter_all(run: str, whats: Sequence[str]) -> None:
    for what in whats:
        enter(run, what)


@engine.workflow()
def shifts(step: engine.Steps) -> None:
    """Note when which claim was at work on the run."""
    for _shift in range(5):
        step.do("shift", note, step.run_id, "shift", seconds=0.02)
        step.sleep("pause", timedelta(seconds=0.2))


@engine.workflow()
def freeze(step: engine.Steps) -> None:
    """Hold a worker long enough to be frozen, and leave a mark behind.

    Its lease and the next attempt together stay below the time after which a process that stood still ends itself.
    """
    step.do("hold", note, step.run_id, "hold", seconds=1.5, retry=OFTEN)
    step.transaction("mark", enter, step.run_id, "mark", retry=OFTEN)


if os.environ.get("BENCH_TICK"):

    @engine.workflow()
    def tick(step: engine.Steps) -> None:
        step.do("tick", note, step.run_id, "tick", retry=OFTEN)

    engine.schedule("tick", tick, every=timedelta(seconds=1))
