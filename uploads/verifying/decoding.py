"""Decoding, in a process of its own with limits: see `decoder`, which runs there."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from io import BytesIO
from json import dumps, loads
from pathlib import Path
from typing import IO

from uploads.reasons import Reason
from uploads.verifying import decoder
from uploads.verifying.limits import Shape
from uploads.verifying.rejecting import Rejected

MEMORY = 448 * 1024 * 1024
"""Address space of the process; the most expensive pictures that are accepted use 290 MB."""
CPU_TIME = timedelta(seconds=20)
PATIENCE = timedelta(seconds=60)
"""On a machine that has other things to do."""

_PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT")
_FRUGAL = {"VIPS_CONCURRENCY": "1", "MALLOC_ARENA_MAX": "1"}


class DecoderError(Exception):
    """The decoding process did not do its work, for a reason that is not the file's."""


def decode(file: IO[bytes], *, type: str, shape: Shape) -> tuple[int, int]:
    """Decode every pixel; return width and height as shown."""
    width, height = loads(_run(file, type=type, frames=shape.frames))
    return width, height


def thumbnails(file: IO[bytes], *, type: str, boxes: Sequence[int]) -> list[bytes]:
    made = BytesIO(_run(file, type=type, boxes=boxes))
    return [made.read(length) for length in loads(made.readline())]


def _run(file: IO[bytes], *, type: str, frames: int = 1, boxes: Sequence[int] = ()) -> bytes:
    order = {"type": type, "frames": frames, "boxes": boxes, "memory": MEMORY, "seconds": int(CPU_TIME.total_seconds())}
    # No secret of ours is in its environment.
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ} | _FRUGAL
    with _lent(file):
        try:
            done = subprocess.run(  # noqa: S603 - our own script
                [sys.executable, "-I", str(Path(decoder.__file__)), dumps(order)],
                stdin=file,
                capture_output=True,
                timeout=PATIENCE.total_seconds(),
                env=environment,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise Rejected(Reason.TOO_COMPLEX, f"not decoded after {PATIENCE}") from error
    if done.returncode == 0:
        return done.stdout
    said = done.stderr.decode(errors="replace")[-500:]
    raise _refusal(done.returncode, said) or DecoderError(f"exit code {done.returncode}: {said}")


@contextmanager
def _lent(file: IO[bytes]) -> Iterator[None]:
    """Where a child reads the file, it moves the place that we are at."""
    file.flush()
    place = os.lseek(file.fileno(), 0, os.SEEK_CUR)
    try:
        yield
    finally:
        os.lseek(file.fileno(), place, os.SEEK_SET)


def _refusal(code: int, said: str) -> Rejected | None:
    """Return what the end of the process says about the file; None where it was the machine's or our own fault."""
    if code == decoder.TRUNCATED:
        return Rejected(Reason.TRUNCATED, said)
    if code == decoder.UNREADABLE:
        return Rejected(Reason.UNREADABLE, said)
    # Memory refused to Python, to a library that then aborts, and the limit of processor time.
    if code in {decoder.NO_MEMORY, -signal.SIGABRT, -signal.SIGXCPU}:
        return Rejected(Reason.TOO_COMPLEX, said or f"exit code {code}")
    if code in {-signal.SIGSEGV, -signal.SIGBUS, -signal.SIGFPE, -signal.SIGILL}:
        return Rejected(Reason.UNREADABLE, f"the decoder crashed with {signal.Signals(-code).name}")
    return None
