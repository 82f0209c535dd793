"""The work of a worker process when the doorbell rings: claim what is due, in batches, and do it."""

import faulthandler
import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import DatabaseError, connections

from workflows.core import clock
from workflows.core.definitions import Consumer
from workflows.models import Run
from workflows.replay.consuming import consume, new_token
from workflows.replay.deadline import Deadline
from workflows.replay.execution import execute
from workflows.transitions import counters, messages, runs, schedules

CLAIMED_AT_ONCE = 10
BEAT = 0.25
"""Seconds between two looks of the heart at what the worker holds."""
EXTEND_EVERY = 2.0
"""Seconds between two extensions of the leases, of 10 s."""
SLICE = 0.2
"""Seconds of work on one queue before the next has its turn."""
LONG = 1.0
"""Seconds of work on one run after which the others of its batch go back."""
STOP_AFTER = 1.5
"""Seconds that code in hand has when the worker is told to stop, before it is interrupted."""

OVERDUE = timedelta(seconds=3)
"""How long after its end code may resist the interruption, before its process ends."""
ADRIFT = timedelta(minutes=1)
"""How long a workflow's own code may take between two steps, before its process ends."""
STILL = timedelta(seconds=15)
"""How long the heart may stand still, before the process ends; its leases have expired by then."""

log = logging.getLogger("holdfast.workflows")


class Hands:
    """What a worker process holds, shared with the thread that keeps its leases."""

    def __init__(self, worker: str) -> None:
        self.worker = worker
        self._lock = threading.Lock()
        self._pending: deque[Run] = deque()
        self._current: Run | None = None
        self._token = ""
        self._since = 0.0
        self._seen: tuple[Run | None, int] = (None, 0)
        self._seen_at = time.monotonic()
        self._extended_at = time.monotonic()

    def each(self, claimed: list[Run]) -> Iterator[Run]:
        """Yield the runs one by one, but for those that were given back meanwhile."""
        with self._lock:
            self._pending.extend(claimed)
        try:
            while True:
                with self._lock:
                    self._current = self._pending.popleft() if self._pending else None
                    self._since = time.monotonic()
                if self._current is None:
                    return
                yield self._current
        finally:
            with self._lock:
                self._current = None

    @contextmanager
    def holding(self, token: str) -> Iterator[None]:
        """Keep the lease of a batch of messages until the block ends, however it does."""
        with self._lock:
            self._token = token
        try:
            yield
        finally:
            with self._lock:
                self._token = ""

    def keep(self) -> None:
        """Extend the leases; give back runs that would wait too long."""
        code = Deadline.current
        with self._lock:
            current, token = self._current, self._token
            late = list(self._pending) if time.monotonic() - self._since > LONG else []
            if late:
                self._pending.clear()
            held = [run.pk for run in (current, *self._pending) if run]
        if time.monotonic() - self._extended_at > EXTEND_EVERY:
            self._extended_at = time.monotonic()
            still = runs.extend(self.worker, held) if held else set()
            if current and current.pk not in still and code and self._current is current:
                code.release()  # cancelled, or another worker's: whatever it still does cannot be recorded
            if token:
                messages.extend(token)
        for run in late:
            runs.release(run)

    def is_adrift(self) -> bool:
        """Has the run in hand done nothing but its own code for too long, with no step that could be interrupted?"""
        seen = (self._current, Deadline.entered)
        if Deadline.current or self._current is None or seen != self._seen:
            self._seen, self._seen_at = seen, time.monotonic()
        return time.monotonic() - self._seen_at > ADRIFT.total_seconds()

    def give_back(self) -> None:
        """Release what was claimed and not begun."""
        with self._lock:
            pending = list(self._pending)
            self._pending.clear()
        for run in pending:
            runs.release(run)


def work(hands: Hands, *, stopping: Callable[[], bool], until: float) -> bool:
    """Work until nothing is due, the worker must stop or `until` (time.monotonic()) passes; return if any was done."""
    worked = False
    while not stopping() and time.monotonic() < until and work_once(hands.worker, hands, stopping):
        worked = True
    if stopping():
        counters.flush()
    return worked


def work_once(worker: str, hands: Hands | None = None, stopping: Callable[[], bool] = lambda: False) -> bool:
    """Execute a batch of runs, consume of each queue for a while, fire schedules; False if nothing was due."""
    hands = hands or Hands(worker)
    worked = False
    for run in hands.each(runs.claim(worker, limit=CLAIMED_AT_ONCE)):
        worked = True
        execute(run)
        if stopping():
            hands.give_back()
    for consumer in messages.open_consumers():
        until = time.monotonic() + SLICE
        while not stopping() and _consume_batch(hands, consumer):
            worked = True
            if time.monotonic() > until:
                break
    return bool(schedules.fire_due()) or worked


def _consume_batch(hands: Hands, consumer: Consumer) -> bool:
    token = new_token(hands.worker)
    claimed = messages.claim(consumer, token)
    if claimed:
        with hands.holding(token):
            consume(consumer, claimed, token)
    return bool(claimed)


def due_at() -> datetime | None:
    """Return when there is something to do next; where something is due already, the first such time found."""
    now, next_at = clock.now(), None
    for source in (runs.next_wake, messages.next_due, schedules.next_fire):
        moment = source()
        if moment and moment <= now:
            return moment
        next_at = min(filter(None, (moment, next_at)), default=None)
    return next_at


class Heart(threading.Thread):
    """Keeps the leases of a worker process, and interrupts its code when it must stop."""

    def __init__(self, hands: Hands, stopping: Callable[[], bool]) -> None:
        super().__init__(name="heart", daemon=True)
        self._hands, self._stopping = hands, stopping
        self._told_at: float | None = None

    def run(self) -> None:
        while True:
            time.sleep(BEAT)
            # Code that keeps the interpreter to itself stops the heart too; this watches without the interpreter.
            faulthandler.dump_traceback_later(STILL.total_seconds(), exit=True)
            try:
                self.beat()
            except DatabaseError as error:
                log.warning("leases could not be extended: %s", error)
                connections.close_all()

    def beat(self) -> None:
        code = Deadline.current
        if code and code.is_overdue(OVERDUE):
            log.error("a step did not stop when interrupted; ending its process")
            os._exit(1)
        if self._hands.is_adrift():
            log.error("a workflow keeps running outside its steps; ending its process")
            os._exit(1)
        self._hands.keep()
        if self._stopping():
            self._told_at = self._told_at or time.monotonic()
            if code and time.monotonic() - self._told_at > STOP_AFTER:
                code.release()
        counters.flush(every=counters.EVERY)


def worker_name(cluster: str) -> str:
    return f"{cluster}:{os.getpid()}"
