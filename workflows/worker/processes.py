"""Child processes that never outlive their supervisor and are replaced when they die."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from typing import IO

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def die_with_parent() -> None:
    """Have the kernel kill this process when its parent dies (Linux; see prctl(2)). Nothing elsewhere."""
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class Child:
    """A command in a process group of its own, so that it ends whole; restarted at once, or later if it keeps dying.

    Start it from a single-threaded process: between fork and exec it runs `die_with_parent`.
    """

    steady = 5.0  # seconds after which a start counts as a success
    longest_pause = 30.0  # seconds between restarts of what dies again and again

    def __init__(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        pass_fds: Sequence[int] = (),
        piped: bool = False,
    ) -> None:
        self._argv, self._env, self._pass_fds, self._piped = argv, env, pass_fds, piped
        self._process: subprocess.Popen[bytes] | None = None
        self._failures = 0
        self._not_before = 0.0
        self.started_at = 0.0  # time.monotonic()

    @property
    def output(self) -> IO[bytes] | None:
        """Return the pipe of a `piped` command; whoever reads it closes it at its end."""
        return self._process.stdout if self._process else None

    def start(self) -> None:
        self.started_at = time.monotonic()
        self._process = subprocess.Popen(  # noqa: S603 - our own argv
            self._argv,
            env={**os.environ, **(self._env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if self._piped else None,
            stderr=subprocess.STDOUT if self._piped else None,
            pass_fds=self._pass_fds,
            bufsize=0,
            start_new_session=True,
            preexec_fn=die_with_parent,  # noqa: PLW1509 - single-threaded by contract
        )

    def reap(self) -> int | None:
        """Return the exit status if the command has ended, once, and end what is left of its group."""
        if self._process is None or (status := self._process.poll()) is None:
            return None
        self.kill()
        young = time.monotonic() - self.started_at < self.steady
        self._failures = self._failures + 1 if young else 0
        pause = min(2.0 ** (self._failures - 1), self.longest_pause) if self._failures else 0.0
        self._not_before = time.monotonic() + pause
        return status

    def due(self) -> bool:
        """Is it time to start the command (again)?"""
        return self._process is None and time.monotonic() >= self._not_before

    def terminate(self) -> None:
        """Ask the command to stop; it tells its own children."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.terminate()

    def stopped(self) -> bool:
        return self._process is None or self._process.poll() is not None

    def kill(self) -> None:
        """End the whole group now."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._process = None
