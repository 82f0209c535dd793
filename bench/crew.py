"""The processes of a `manage.py worker`, by what they do."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

import psutil

from bench.place import Place
from workflows.models import Worker

MANAGE = Path(__file__).resolve().parent.parent / "manage.py"


def wait_for[T](condition: Callable[[], T], *, seconds: float, what: str, every: float = 0.02) -> T:
    """Return what the condition returns once that is true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(every)
    raise TimeoutError(f"{what} did not come within {seconds:g} s")


class Program:
    """A management command in the background; the block ends it with all its processes."""

    def __init__(self, place: Place, *command: str, **environment: str) -> None:
        self.log = place.folder / f"{command[0]}-{time.monotonic_ns()}.log"
        self._argv = [sys.executable, str(MANAGE), *command]
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                self._argv, env=os.environ | self._environment, stdout=log, stderr=log, start_new_session=True
            )
        return self

    def __exit__(self, *_error: object) -> None:
        assert self._process
        family = self.family()
        self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=15)
        for one in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                one.kill()
        self._process.wait()

    def family(self) -> list[psutil.Process]:
        """Return the command's process and all below it."""
        assert self._process
        try:
            top = psutil.Process(self._process.pid)
            return [top, *top.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def cpu_seconds(self) -> float:
        times = [one.cpu_times() for one in self.family()]
        return sum(spent.user + spent.system for spent in times)


class Crew(Program):
    """A worker: supervisor, cluster, sentinel, and the sentinel's pool, monitor and pusher."""

    def __init__(self, place: Place, *, workers: int = 2, **environment: str) -> None:
        super().__init__(place, "worker", BENCH_WORKERS=str(workers), **environment)
        self._workers = workers
        self._sentinel: psutil.Process | None = None
        self._others: list[psutil.Process] = []

    def __enter__(self) -> Self:
        known = set(Worker.objects.values_list("pk", flat=True))
        super().__enter__()
        try:
            ready = Worker.objects.exclude(pk__in=known).filter(heartbeat_at__isnull=False)
            wait_for(ready.exists, seconds=60, what="the worker's first heartbeat", every=0.1)
        except BaseException:
            self.__exit__()
            raise
        return self

    @property
    def supervisor(self) -> psutil.Process:
        return self.family()[0]

    def sentinel(self) -> psutil.Process | None:
        """Return the sentinel if its crew is complete; django-q2 starts the pool first, then monitor and pusher."""
        with contextlib.suppress(psutil.NoSuchProcess, IndexError):
            found: psutil.Process = self.supervisor.children()[0].children()[0]
            if found != self._sentinel:
                crew = _by_age(found)
                if len(crew) != self._workers + 2:
                    return None
                self._sentinel, self._others = found, crew[-2:]
            return found
        return None

    def pool(self) -> list[psutil.Process]:
        """Return the living processes of the pool."""
        sentinel = self.sentinel()
        if sentinel is None:
            return []
        with contextlib.suppress(psutil.NoSuchProcess):
            return [one for one in _by_age(sentinel) if one not in self._others and _lives(one)]
        return []

    def part(self, name: str) -> list[psutil.Process]:
        """Return the sentinel, the monitor, the pusher, or the whole pool."""
        sentinel = wait_for(self.sentinel, seconds=20, what="the sentinel")
        assert sentinel
        if name == "pool":
            return wait_for(self.pool, seconds=20, what="the pool")
        monitor, pusher = self._others
        return [{"sentinel": sentinel, "monitor": monitor, "pusher": pusher}[name]]


def _by_age(sentinel: psutil.Process) -> list[psutil.Process]:
    children: list[psutil.Process] = sentinel.children()
    return sorted(children, key=lambda one: (one.create_time(), one.pid))


def _lives(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
