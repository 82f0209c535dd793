"""The one place where the engine says what happened: a log line and counters.

The counters are of what workers do, who write them down about each second (`transitions.counters`). What people do from
pages and the command line is in the rows, and in the log.
"""

import logging
import math
import threading
from bisect import bisect_left
from collections import Counter
from functools import cache
from typing import Any

COUNTED = frozenset(
    {
        *("run.succeeded", "run.failed", "schedule.fired", "attempt.failed", "attempt.timed_out", "attempt.lost"),
        *("message.acknowledged", "message.retried", "message.dead", "message.dropped"),
    }
)
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, math.inf)
"""Upper bounds of the histograms' buckets, in seconds."""

log = logging.getLogger("holdfast.workflows")
counts: Counter[tuple[str, str]] = Counter()
"""How often each (event, workflow or queue) happened in this process since the last flush."""
_lock = threading.Lock()  # the heart takes what the worker counts


def emit(event: str, *, workflow: str = "", count: int = 1, **details: Any) -> None:
    if event in COUNTED and count:
        with _lock:
            counts[event, workflow] += count
    if log.isEnabledFor(logging.DEBUG):
        log.debug("%s %s %s", event, workflow, " ".join(f"{key}={value}" for key, value in details.items()))


def observe(histogram: str, seconds: float, *, workflow: str = "") -> None:
    """Count a duration in its bucket, and add it to the histogram's sum (in microseconds: counters are whole)."""
    bucket = BUCKETS[bisect_left(BUCKETS, max(seconds, 0.0))]
    with _lock:
        counts[bucket_name(histogram, bucket), workflow] += 1
        counts[f"{histogram}.microseconds", workflow] += max(int(seconds * 1_000_000), 0)


@cache
def bucket_name(histogram: str, bound: float) -> str:
    return f"{histogram}.le.{bound:g}"


def take() -> dict[tuple[str, str], int]:
    """Return what was counted, and start again from zero."""
    with _lock:
        taken = dict(counts)
        counts.clear()
    return taken


def put_back(taken: dict[tuple[str, str], int]) -> None:
    """Count again what could not be written down."""
    with _lock:
        counts.update(taken)
