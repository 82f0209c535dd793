"""The protocol of a file store, whatever is behind it."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import BinaryIO, Protocol


@dataclass(frozen=True)
class Put:
    """Where a browser sends its bytes, by the method PUT, and the headers that it must send with them."""

    url: str
    headers: dict[str, str]


@dataclass(frozen=True)
class Found:
    size: int
    type: str  # "" where the store keeps none: the row says it
    etag: str
    modified_at: datetime


class StoreError(Exception):
    """The store is down, full, or answers nonsense; the message is for the log."""


class Missing(StoreError):
    """There is nothing under the key."""


class Changed(StoreError):
    """The bytes under the key are no longer those that were looked at."""


class Store(Protocol):
    def presign_put(self, key: str, *, type: str, size: int, expires: timedelta) -> Put:
        """Return a right to write these many bytes of this type, once: nothing is overwritten."""

    def presign_get(self, key: str, *, name: str, type: str, inline: bool, expires: timedelta) -> str | None:
        """Return an address to read from; None if the application sends the bytes itself."""

    def head(self, key: str) -> Found | None: ...

    def open(self, key: str, *, etag: str | None = None) -> AbstractContextManager[BinaryIO]:
        """Open for reading and seeking; raise Missing, or Changed where the bytes are not those of the etag."""

    def promote(self, source: str, target: str, *, etag: str, type: str) -> None:
        """Copy if the source still has the etag; raise Changed or Missing otherwise. Safe to repeat."""

    def write(self, key: str, file: BinaryIO, *, type: str) -> None:
        """Write the whole file from its beginning, over what was there; readers see all of it or nothing."""

    def delete(self, key: str) -> None:
        """Delete, whether or not it exists."""

    def walk(self, prefix: str = "") -> Iterator[tuple[str, Found]]:
        """Yield all keys with this beginning, in any order."""
