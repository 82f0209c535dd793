"""Files on the local disk, under settings.UPLOAD_FOLDER. The application's own address replaces the store's.

A file appears whole or not at all: it is written under tmp/, brought to the disk, then linked or renamed into place.
Promoting is another name for the same file. An ETag is the file's identity: its number, time of change and size.
"""

import os
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlencode

from django.conf import settings
from django.http import QueryDict, UnreadablePostError
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from uploads.stores.base import Changed, Found, Missing, Put, StoreError

INCOMING = "incoming/"
TEMPORARY = "tmp"
CHUNK = 256 * 1024


class Taken(StoreError):
    """Something was already written under the key, and is not overwritten."""


class LocalStore:
    def presign_put(self, key: str, *, type: str, size: int, expires: timedelta) -> Put:
        until = int((timezone.now() + expires).timestamp())
        signed = {"type": type, "size": size, "expires": until, "signature": _sign(key, type, size, until)}
        address = reverse("uploads:bytes", args=[key.removeprefix(INCOMING)])
        return Put(f"{address}?{urlencode(signed)}", {"Content-Type": type, "If-None-Match": "*"})

    def presign_get(
        self,
        key: str,
        *,
        name: str,
        type: str,
        inline: bool,
        expires: timedelta,
    ) -> str | None:
        return None

    def head(self, key: str) -> Found | None:
        with _as_store_error():
            try:
                return _found(_path(key).stat())
            except (FileNotFoundError, NotADirectoryError):
                return None

    def open(self, key: str, *, etag: str | None = None) -> AbstractContextManager[BinaryIO]:
        with _as_store_error(key):
            file = _path(key).open("rb")
        if etag is not None and _found(os.fstat(file.fileno())).etag != etag:
            file.close()
            raise Changed(key)
        return file

    def promote(self, source: str, target: str, *, etag: str, type: str) -> None:
        there = self.head(target)
        if there and there.etag == etag:
            return
        with _as_store_error(source):
            other = _temporary()
            try:
                os.link(_path(source), other)
                if _found(other.stat()).etag != etag:
                    raise Changed(source)
                _rename(other, _path(target))
            finally:
                other.unlink(missing_ok=True)

    def write(self, key: str, file: BinaryIO, *, type: str) -> None:
        file.seek(0)
        with _as_store_error(), _written(iter(lambda: file.read(CHUNK), b"")) as made:
            _rename(made, _path(key))

    def delete(self, key: str) -> None:
        path = _path(key)
        with _as_store_error():
            path.unlink(missing_ok=True)
            if path.parent.parent != settings.UPLOAD_FOLDER:  # one of the folders that files come and go in
                _remove_where_empty(path.parent)

    def walk(self, prefix: str = "") -> Iterator[tuple[str, Found]]:
        """Yield what is there, with what a killed process left under tmp/; look only where the prefix leads."""
        root: Path = settings.UPLOAD_FOLDER
        parent, _slash, beginning = prefix.rpartition("/")
        start = _path(parent) if parent else root
        with _as_store_error():
            for folder, folders, names in start.walk():
                if folder == start:
                    folders[:] = [name for name in folders if name.startswith(beginning)]
                for name in names:
                    key = (folder / name).relative_to(root).as_posix()
                    if key.startswith(prefix) and (found := self.head(key)):
                        yield key, found

    # --- What the address for bytes needs ----------------------------------------------------------------------------

    def receive(self, key: str, chunks: Iterator[bytes], *, size: int) -> Found:
        """Write the declared number of bytes if there is nothing yet; raise Taken if there is."""
        with _as_store_error(), _written(chunks) as made:
            found = _found(made.stat())
            if found.size != size:
                raise StoreError(f"{found.size} bytes arrived for {key} instead of {size}")
            path = _path(key)
            _make_folder(path.parent)
            try:
                os.link(made, path)
            except FileExistsError as error:
                raise Taken(key) from error
            _sync_folder(path.parent)
        return found


def is_signed(key: str, query: QueryDict) -> bool:
    """Was this query made by presign_put for this key, and has it not expired?"""
    type, size, until = (query.get(name, "") for name in ("type", "size", "expires"))
    if not (size.isascii() and size.isdigit() and until.isascii() and until.isdigit() and len(size + until) < 40):
        return False
    if not constant_time_compare(query.get("signature", ""), _sign(key, type, int(size), int(until))):
        return False
    return int(until) > timezone.now().timestamp()


def _sign(key: str, type: str, size: int, until: int) -> str:
    return salted_hmac("uploads.stores.local.put", f"{key}\n{type}\n{size}\n{until}", algorithm="sha256").hexdigest()


def _path(key: str) -> Path:
    parts = key.split("/")
    if not all(parts) or {".", ".."} & set(parts) or "\0" in key:
        raise StoreError(f"{key!r} is not a valid key")
    return Path(settings.UPLOAD_FOLDER, *parts)


def _found(stat: os.stat_result) -> Found:
    etag = f"{stat.st_ino:x}-{stat.st_mtime_ns:x}-{stat.st_size:x}"
    return Found(stat.st_size, "", etag, datetime.fromtimestamp(stat.st_mtime, UTC))


@contextmanager
def _as_store_error(key: str = "") -> Iterator[None]:
    try:
        yield
    except UnreadablePostError:  # the sender's, not ours
        raise
    except FileNotFoundError as error:
        raise Missing(key or str(error)) from error
    except OSError as error:
        raise StoreError(f"{type(error).__name__}: {error}") from error


@contextmanager
def _written(chunks: Iterator[bytes]) -> Iterator[Path]:
    """Write the chunks to a new file, on the disk when the block begins; its name is gone when the block ends."""
    path = _temporary()
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.writelines(chunks)
            file.flush()
            os.fsync(file.fileno())
        yield path
    finally:
        path.unlink(missing_ok=True)


def _temporary() -> Path:
    folder = settings.UPLOAD_FOLDER / TEMPORARY
    _make_folder(folder)
    return Path(folder, uuid.uuid4().hex)


def _rename(made: Path, path: Path) -> None:
    _make_folder(path.parent)
    made.replace(path)
    _sync_folder(path.parent)


def _make_folder(folder: Path) -> None:
    """Make it, and those above it, for their owner only, and see that the disk knows of it."""
    if not folder.is_dir():
        _make_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
        _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove_where_empty(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError:  # something is in it, or another process was faster
        return
