"""Decoding, in a process of its own with limits: see `decoder`, which runs there."""

import os
import signal
import subprocess
import sys
from datetime import timedelta
from json import dumps, loads
from pathlib import Path

from uploads.kinds import Type
from uploads.reasons import Reason
from uploads.verifying import decoder
from uploads.verifying.limits import MOST_PIXELS, Shape
from uploads.verifying.rejecting import Rejected

MEMORY = 512 * 1024 * 1024
"""Address space of the process: the dearest pictures that are let through take 400 MB of it."""
CPU_TIME = timedelta(seconds=20)
PATIENCE = timedelta(seconds=60)
"""On a machine that has other things to do."""

_PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT")


class DecoderError(Exception):
    """The decoding process did not do its work, for a reason that is not the file's."""


def decode(data: bytes, *, type: str, shape: Shape) -> tuple[int, int]:
    """Decode every pixel; return width and height as shown."""
    width, height = loads(_run(data, type=type, frames=shape.frames, box=0))
    return width, height


def thumbnail(data: bytes, *, type: str, box: int) -> bytes:
    return _run(data, type=type, frames=1, box=box)


def _run(data: bytes, *, type: str, frames: int, box: int) -> bytes:
    # Pillow knows the formats by the same names.
    order = {"format": Type(type).name, "frames": frames, "box": box, "pixels": MOST_PIXELS}
    order |= {"memory": MEMORY, "seconds": int(CPU_TIME.total_seconds())}
    # No secret of ours is in its environment.
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    try:
        done = subprocess.run(  # noqa: S603 - our own script
            [sys.executable, "-I", str(Path(decoder.__file__)), dumps(order)],
            input=data,
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


def _refusal(code: int, said: str) -> Rejected | None:
    """Return what the end of the process says about the file; None where it was the machine's or our own fault."""
    if code == decoder.UNREADABLE:
        return Rejected(Reason.UNREADABLE, said)
    # Memory refused to Python, to a library that then aborts, and the limit of processor time.
    if code in {decoder.NO_MEMORY, -signal.SIGABRT, -signal.SIGXCPU}:
        return Rejected(Reason.TOO_COMPLEX, said or f"exit code {code}")
    if code in {-signal.SIGSEGV, -signal.SIGBUS, -signal.SIGFPE, -signal.SIGILL}:
        return Rejected(Reason.UNREADABLE, f"the decoder crashed with {signal.Signals(-code).name}")
    return None
