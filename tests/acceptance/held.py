"""Stores for a Holdfast that tests kill: a process that comes to a point where a test holds it waits for its end.

The point is a file in DATA_DIR/hold, such as `worker promote incoming after <id>`, or `any` for the id; who comes there
first takes it, and leaves its process id in a file of the same name with .reached behind it.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from django.conf import settings

from uploads.stores.local import LocalStore
from uploads.stores.s3 import S3Store

LONGEST = 60.0  # seconds


def hold(data: Path, point: str) -> Path:
    """Hold whoever comes to the point; return the file that will name it."""
    place = data / "hold" / point
    place.parent.mkdir(exist_ok=True)
    place.touch()
    return Path(f"{place}.reached")


def _wait(place: Path) -> None:
    with suppress(FileNotFoundError):
        taken = place.rename(f"{place}.{os.getpid()}")
        taken.write_text(str(os.getpid()))
        taken.rename(f"{place}.reached")
        time.sleep(LONGEST)


@contextmanager
def _held(operation: str, key: str) -> Iterator[None]:
    """Stop before and after what is done with `incoming/<id>` or `uploads/<id>/<part>`."""
    _folder, id, *part = key.split("/")
    point = f"{os.environ.get('HOLDFAST_PROCESS')} {operation} {'/'.join(part) or 'incoming'}"
    folder = settings.DATA_DIR / "hold"
    for when in ("before", "after"):
        for whose in (id, "any"):
            _wait(folder / f"{point} {when} {whose}")
        if when == "before":
            yield


class _Held:
    def head(self, key: str) -> Any:
        with _held("head", key):
            return super().head(key)  # type: ignore[misc]

    @contextmanager
    def open(self, key: str, *, etag: str | None = None) -> Iterator[Any]:
        with _held("open", key), super().open(key, etag=etag) as file:  # type: ignore[misc]
            yield file

    def promote(self, source: str, target: str, *, etag: str, type: str) -> None:
        with _held("promote", source):
            super().promote(source, target, etag=etag, type=type)  # type: ignore[misc]

    def write(self, key: str, file: Any, *, type: str) -> None:
        with _held("write", key):
            super().write(key, file, type=type)  # type: ignore[misc]

    def delete(self, key: str) -> None:
        with _held("delete", key):
            super().delete(key)  # type: ignore[misc]


class HeldLocalStore(_Held, LocalStore):
    def receive(self, key: str, chunks: Iterator[bytes], *, size: int) -> Any:
        with _held("receive", key):
            return super().receive(key, chunks, size=size)


class HeldS3Store(_Held, S3Store):
    pass
