"""Decodes one picture in a process of its own: a script that knows only libvips, started by `decoding`.

A decoder that needs too much memory or time, or that a crafted file makes crash, takes nothing with it. The file
is stdin, the result goes to stdout, the verdict is the exit code. Memory and time are limited before libvips is
imported; on Linux the process also offers itself to the kernel as the first to go where memory runs out.

Pixels stream: no picture is held whole that its format does not force to be.
"""

from __future__ import annotations

import json
import os
import re
import resource
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyvips

UNREADABLE = 3
NO_MEMORY = 4
TRUNCATED = 5

_FORMATS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "image/png": ("VipsForeignLoadPng", "pngload_source", {}),
    "image/jpeg": ("VipsForeignLoadJpeg", "jpegload_source", {}),
    "image/gif": ("VipsForeignLoadNsgif", "gifload_source", {"n": -1}),
    "image/webp": ("VipsForeignLoadWebp", "webpload_source", {"n": -1}),
    "image/avif": ("VipsForeignLoadHeif", "heifload_source", {}),
}
"""The loader's class, its operation, and what makes it read all frames."""


def main() -> int:
    order = json.loads(sys.argv[1])
    _limit(memory=order["memory"], seconds=order["seconds"])
    import pyvips

    loader, operation, options = _FORMATS[order["type"]]
    pyvips.operation_block_set("VipsForeignLoad", state=True)
    pyvips.operation_block_set(loader, state=False)
    pyvips.cache_set_max(0)
    try:
        out = _thumbnails(order["boxes"]) if order["boxes"] else _decode(operation, options, frames=order["frames"])
    except MemoryError:
        return NO_MEMORY
    except EOFError:
        return TRUNCATED
    except (pyvips.Error, ValueError) as error:
        sys.stderr.write(f"{type(error).__name__}: {error}")
        if "thread" in str(error):  # there are too many of them: nothing that the file is to blame for
            return 1
        return NO_MEMORY if re.search("memory|alloc", str(error), re.IGNORECASE) else UNREADABLE
    for part in out:
        sys.stdout.buffer.write(part)
    return 0


def _limit(*, memory: int, seconds: int) -> None:
    # A process that reaches the soft limit of its time gets SIGXCPU, at the hard one SIGKILL, which tells nothing.
    limits = {resource.RLIMIT_AS: (memory, memory), resource.RLIMIT_CPU: (seconds, seconds + 1)}
    for kind, most in (limits | {resource.RLIMIT_CORE: (0, 0)}).items():
        with suppress(ValueError, OSError):  # where the system does not know it, or a stricter one holds
            resource.setrlimit(kind, most)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


def _decode(operation: str, options: dict[str, Any], *, frames: int) -> list[bytes]:
    """Decode every pixel of every frame; return width and height as shown."""
    import pyvips

    picture = _open(operation)
    width, height = picture.width, picture.height
    if picture.get_typeof("orientation") and picture.get("orientation") >= 5:
        width, height = height, width
    found = picture.get("n-pages") if picture.get_typeof("n-pages") else 1
    if found != frames:
        raise ValueError(f"{found} frames instead of {frames}")
    _open(operation, **options | _smaller(operation, min(width, height))).avg()
    # libjpeg fills what is missing with grey, and says so among what it warns of; other warnings are of no weight.
    if "premature end" in pyvips.Error("").detail:
        raise EOFError
    return [json.dumps([width, height]).encode()]


def _smaller(operation: str, shortest: int) -> dict[str, Any]:
    """Return what makes the loader keep the fewest pixels: an eighth of the rows and columns, but one at least."""
    if operation == "jpegload_source":
        return {"shrink": next(factor for factor in (8, 4, 2, 1) if factor <= shortest)}
    return {"scale": max(1 / 8, 1 / shortest)} if operation == "webpload_source" else {}


def _open(operation: str, **options: Any) -> pyvips.Image:
    import pyvips

    load = getattr(pyvips.Image, operation)
    picture: pyvips.Image = load(_source(), access="sequential", fail_on="error", **options)
    return picture


def _thumbnails(boxes: list[int]) -> list[bytes]:
    """Return the lengths of the pictures in a line, and the pictures; the largest is made first, the others of it."""
    import pyvips

    largest = max(boxes)
    picture = pyvips.Image.thumbnail_source(
        _source(), largest, height=largest, size="down", fail_on="error", output_profile="srgb"
    )
    picture = picture.copy_memory()
    made = [_written(picture.thumbnail_image(box, height=box, size="down")) for box in boxes]
    return [json.dumps([len(each) for each in made]).encode(), b"\n", *made]


def _written(picture: pyvips.Image) -> bytes:
    data: bytes = picture.webpsave_buffer(Q=80, effort=4, keep="none")
    return data


def _source() -> pyvips.Source:
    import pyvips

    os.lseek(sys.stdin.fileno(), 0, os.SEEK_SET)
    return pyvips.Source.new_from_descriptor(sys.stdin.fileno())


if __name__ == "__main__":
    sys.exit(main())
