"""What a PUT is compared with: the body streamed to a file and brought to the disk, under gunicorn as we run it."""

import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from bench.crew import MANAGE, wait_for


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """Give the address of a server that stores whatever is PUT."""
    folder.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-m", "gunicorn", "-c", "python:project.gunicorn", "bench.uploads.plain_app"]
    environment = os.environ | {"PORT": str(port), "HOST": "127.0.0.1", "BENCH_FOLDER": str(folder)}
    process = subprocess.Popen(command, cwd=MANAGE.parent, env=environment)
    try:
        wait_for(lambda: _listens(port), seconds=20, what="the plain server", every=0.1)
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.terminate()
        process.wait(timeout=15)


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False
