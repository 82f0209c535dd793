"""Testing workflows: run what is due, move the clock, crash. No test sleeps.

engine.start(onboarding, {"user_id": 7})
run_until_idle()
advance(timedelta(days=3))
run_until_idle()
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta

from workflows.core import clock, crash
from workflows.transitions.guarding import POINTS
from workflows.worker.working import due_at, work_once

__all__ = ["POINTS", "advance", "crash_at", "run_until_idle"]

WORKER = "test"


def run_until_idle(*, rounds: int = 10_000) -> None:
    """Do all work that is due now, in this process; raise where it never ends."""
    for _round in range(rounds):
        due = due_at()
        if due is None or due > clock.now():
            return
        if not work_once(WORKER):
            raise AssertionError(f"something is due since {due} and cannot be claimed")
    raise AssertionError(f"not idle after {rounds} rounds: does a workflow start itself without end?")


def advance(by: timedelta) -> None:
    """Move the engine's clock; `clock.reset()` sets it back."""
    clock.advance(by)


@contextmanager
def crash_at(point: str, *, at: int = 1) -> Iterator[None]:
    """End the block, as kill -9 would, at the `at`-th passage of the point (one of POINTS)."""
    if point not in POINTS:
        raise ValueError(f"there is no crash point {point!r}; known are {', '.join(sorted(POINTS))}")
    crash.arm(point, at=at)
    try:
        with suppress(crash.Crash):
            yield
    finally:
        crash.disarm()
