"""Counters: what each process counted, added to what all of them did."""

import time
from datetime import timedelta

from django.db import DatabaseError, connection, transaction

from workflows.core import clock, emit
from workflows.models import EVER, Counter
from workflows.transitions.guarding import instant

EVERY = 1.0
"""Seconds between two flushes of a process."""
KEEP = timedelta(hours=25)
"""How long the counters of single minutes are kept."""

_ADD = """
INSERT INTO workflows_counter (name, label, minute_at, value) VALUES {ROWS}
ON CONFLICT (minute_at, name, label) DO UPDATE SET value = workflows_counter.value + excluded.value"""
_flushed_at = 0.0  # time.monotonic()
_pruned_at = 0.0


def flush(*, every: float = 0.0) -> None:
    """Add what this process has counted, unless it did so less than `every` seconds ago.

    Each count is added once: where the database refuses, it is kept for the next time and the error is raised.
    """
    global _flushed_at  # noqa: PLW0603 - one for each process
    now = time.monotonic()
    if now - _flushed_at < every:
        return
    _flushed_at = now
    if taken := emit.take():
        try:
            _add(taken)
        except DatabaseError:
            emit.put_back(taken)
            raise
        _prune(now)


def _add(taken: dict[tuple[str, str], int]) -> None:
    minute = clock.now().replace(second=0, microsecond=0)
    rows = [
        (name, label, instant(moment), value)
        for moment in (EVER, minute)
        for (name, label), value in sorted(taken.items())  # one order, so that two processes never wait in a circle
        if moment == EVER or name in emit.COUNTED
    ]
    values = ", ".join(["(%s, %s, %s, %s)"] * len(rows))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_ADD.replace("{ROWS}", values), [value for row in rows for value in row])


def _prune(now: float) -> None:
    global _pruned_at  # noqa: PLW0603
    if now - _pruned_at > 3600:
        _pruned_at = now
        Counter.objects.filter(minute_at__gt=EVER, minute_at__lt=clock.now() - KEEP).delete()
