"""Interrupting Python code: an interval timer in the worker's main thread, armed around a step's code only."""

import signal
import threading
import time
from datetime import timedelta
from types import FrameType, TracebackType
from typing import Self

AGAIN = 1.0
"""Seconds until code that swallowed the interruption is interrupted again."""


class TimesUp(BaseException):
    """Interrupts code that takes too long, or whose worker must stop."""


class Deadline:
    """A `with` block that is interrupted by TimesUp after the timeout; then `expired` or `released` is true.

    Code that swallows TimesUp is interrupted again each second, and what it returns in the end does not count. Outside
    of the main thread, where no signal arrives, nothing is interrupted.
    """

    current: "Deadline | None" = None
    entered = 0

    def __init__(self, timeout: timedelta) -> None:
        self.expired = self.released = False
        self._armed = False
        self._seconds = timeout.total_seconds()
        self._ends_at = 0.0  # time.monotonic()
        self._works = threading.current_thread() is threading.main_thread()

    def __enter__(self) -> Self:
        if self._works:
            if signal.getsignal(signal.SIGALRM) is not _interrupt:
                signal.signal(signal.SIGALRM, _interrupt)
            self._ends_at = time.monotonic() + self._seconds
            Deadline.current = self
            Deadline.entered += 1
            self._armed = True
            signal.setitimer(signal.ITIMER_REAL, self._seconds, AGAIN)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _t: TracebackType | None) -> None:
        self.disarm()

    def disarm(self) -> None:
        """End the interruptions; also after a TimesUp that fell into `__exit__`."""
        self._armed = False
        if self._works:
            signal.setitimer(signal.ITIMER_REAL, 0)
            Deadline.current = None

    def release(self) -> None:
        """Interrupt the block from another thread: the worker must stop, or its claim is gone.

        Where the block has ended meanwhile the signal finds no other that wants it.
        """
        if not self.released:
            self.released, self._ends_at = True, time.monotonic()
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGALRM)

    def is_overdue(self, by: timedelta) -> bool:
        """Has the block gone on for so long after its end, resisting?"""
        return self._armed and time.monotonic() > self._ends_at + by.total_seconds()

    def interrupt(self) -> None:
        if self._armed and time.monotonic() >= self._ends_at:
            self.expired = not self.released
            raise TimesUp


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    if Deadline.current:
        Deadline.current.interrupt()
