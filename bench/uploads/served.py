"""`manage.py serve` as operators run it: a supervisor, gunicorn's processes, and the worker's."""

import contextlib
import http.client
import socket
from typing import Self

import psutil

from bench.crew import Program, wait_for
from bench.place import Place


class Served(Program):
    """It runs, web and worker, when the block begins."""

    def __init__(self, place: Place, **environment: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = int(probe.getsockname()[1])
        super().__init__(place, "serve", PORT=str(self.port), **environment)

    def __enter__(self) -> Self:
        super().__enter__()
        try:
            wait_for(self._is_ready, seconds=60, what="web and worker", every=0.2)
        except BaseException:
            self.__exit__()
            raise
        return self

    def web(self) -> list[psutil.Process]:
        return [one for one in self.family() if "gunicorn" in _command(one)]

    def worker(self) -> list[psutil.Process]:
        """Return the worker's supervisor and all below it."""
        top = next(one for one in self.family() if _command(one).endswith("manage.py worker"))
        return [top, *top.children(recursive=True)]

    def _is_ready(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        with contextlib.closing(connection), contextlib.suppress(OSError):
            connection.request("GET", "/readyz")
            answer = connection.getresponse()
            return answer.status == 200 and b'"worker": "ok"' in answer.read()
        return False


def cpu_seconds(processes: list[psutil.Process]) -> float:
    return sum(spent.user + spent.system for spent in (one.cpu_times() for one in processes))


def _command(process: psutil.Process) -> str:
    with contextlib.suppress(psutil.NoSuchProcess):
        return " ".join(process.cmdline())
    return ""
