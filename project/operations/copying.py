"""Copying all files from the local disk to the bucket or back: members' files and private ones.

Each file is read once, written, read back and compared by its SHA-256. A line in a journal in DATA_DIR records that,
so that an interrupted copy continues after it. Files that are only in the target are left alone.
"""

import hashlib
import json
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, BinaryIO, Literal, NamedTuple, Protocol
from uuid import UUID

from django.conf import settings
from django.core.files import File
from django.core.files.storage import FileSystemStorage, Storage, storages

from uploads.models import State, Upload
from uploads.stores.base import Store
from uploads.stores.local import LocalStore

type Target = Literal["s3", "local"]

CHUNK = 1024 * 1024
KINDS = ("incoming/", "uploads/")


class Damaged(Exception):  # noqa: N818 - reads as what happened
    """A file is not the one that was checked, or arrived with different bytes."""


class Copied(NamedTuple):
    name: str
    size: int
    skipped: bool


class Place(Protocol):
    def walk(self) -> Iterator[tuple[str, str, int]]:
        """Yield each file's key, a mark that changes when the bytes do, and its size."""

    def mark(self, key: str) -> str:
        """Return the mark of one file, or "" if there is no such file."""

    def open(self, key: str) -> AbstractContextManager[BinaryIO]: ...

    def write(self, key: str, file: BinaryIO) -> None: ...


type Places = dict[str, Place]


@dataclass(frozen=True)
class Uploads:
    store: Store

    def walk(self) -> Iterator[tuple[str, str, int]]:
        for kind in KINDS:
            for key, found in self.store.walk(kind):
                yield key, found.etag, found.size

    def mark(self, key: str) -> str:
        found = self.store.head(key)
        return found.etag if found else ""

    def open(self, key: str) -> AbstractContextManager[BinaryIO]:
        return self.store.open(key)

    def write(self, key: str, file: BinaryIO) -> None:
        self.store.write(key, file, type=_type(key))


@dataclass(frozen=True)
class Private:
    storage: Storage

    def walk(self) -> Iterator[tuple[str, str, int]]:
        for name in self._names(""):
            size = self.storage.size(name)
            yield name, f"{size} {self.storage.get_modified_time(name).timestamp()}", size

    def mark(self, key: str) -> str:
        if not self.storage.exists(key):
            return ""
        return f"{self.storage.size(key)} {self.storage.get_modified_time(key).timestamp()}"

    def open(self, key: str) -> AbstractContextManager[BinaryIO]:
        file: Any = self.storage.open(key, "rb")
        return file  # type: ignore[no-any-return]

    def write(self, key: str, file: BinaryIO) -> None:
        file.seek(0)
        self.storage.delete(key)
        if (name := self.storage.save(key, File(file))) != key:
            raise Damaged(f"{key} was written as {name}")

    def _names(self, folder: str) -> Iterator[str]:
        """Walk the tree, except for the folder of uploads, which is inside it on disk."""
        if isinstance(self.storage, FileSystemStorage) and Path(self.storage.path(folder)) == settings.UPLOAD_FOLDER:
            return
        folders, names = self.storage.listdir(folder)
        yield from (f"{folder}/{name}".lstrip("/") for name in names)
        for below in folders:
            yield from self._names(f"{folder}/{below}".lstrip("/"))


class Copying:
    """All files from one place to another; iterating copies them, one after the other."""

    def __init__(self, to: Target) -> None:
        from uploads.stores.s3 import S3Store

        assert settings.S3
        local: Places = {
            "uploads": Uploads(LocalStore()),
            "private": Private(storages.create_storage(settings.LOCAL_FILES)),
        }
        bucket: Places = {
            "uploads": Uploads(S3Store()),
            "private": Private(storages.create_storage(settings.S3.private_storage())),
        }
        self.source, self.target = (local, bucket) if to == "s3" else (bucket, local)
        self.journal = Journal(settings.DATA_DIR / f"storage-copy-to-{to}")
        self.files = [(kind, *file) for kind, place in self.source.items() for file in _walk(place)]
        self.size = sum(size for _kind, _key, _mark, size in self.files)

    def __iter__(self) -> Iterator[Copied]:
        with self.journal:
            for kind, key, mark, size in self.files:
                name = f"{kind} {key}"
                target = self.target[kind]
                there = target.mark(key)
                done = bool(there) and self.journal.has(name, mark, there)
                if not done:
                    digest = _copy(key, self.source[kind], target)
                    there = target.mark(key)
                    self.journal.add(name, mark, there, digest)
                yield Copied(name, size, skipped=done)


class Journal:
    """What was copied: name, mark in the source, mark in the target, SHA-256; one line of JSON each."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: IO[str] | None = None
        self._lines: dict[str, tuple[str, str]] = {}

    def __enter__(self) -> None:
        self._file = self.path.open("a+", encoding="utf-8")
        self._file.seek(0)
        for line in self._file:
            try:
                name, source, target, _digest = json.loads(line)
            except ValueError:  # the last line of a copy that was killed
                continue
            self._lines[name] = source, target
        self._file.write("\n")

    def __exit__(self, *_error: object) -> None:
        if self._file:
            self._file.close()

    def has(self, name: str, source: str, target: str) -> bool:
        return self._lines.get(name) == (source, target)

    def add(self, name: str, source: str, target: str, digest: str) -> None:
        assert self._file
        self._file.write(json.dumps([name, source, target, digest]) + "\n")
        self._file.flush()


def unchecked() -> int:
    """Return how many uploads are being checked: their check identifies files by something that copying changes."""
    return Upload.objects.filter(state=State.VERIFYING).count()


def _walk(place: Place) -> list[tuple[str, str, int]]:
    try:
        return sorted(place.walk())
    except FileNotFoundError:  # nothing was ever written
        return []


def _copy(key: str, source: Place, target: Place) -> str:
    with TemporaryFile() as copy:
        with source.open(key) as file:
            digest = _digest(file, copy)
        if (expected := _expected(key)) and digest != expected:
            raise Damaged(f"{key} is not the file that was checked: its SHA-256 is {digest} instead of {expected}")
        target.write(key, copy)
    with target.open(key) as file:
        if _digest(file) != digest:
            raise Damaged(f"{key} did not arrive as it was sent")
    return digest


def _digest(file: BinaryIO, copy: BinaryIO | None = None) -> str:
    digest = hashlib.sha256()
    while chunk := file.read(CHUNK):
        digest.update(chunk)
        if copy:
            copy.write(chunk)
    return digest.hexdigest()


def _upload(key: str) -> Upload | None:
    try:
        return Upload.objects.filter(pk=UUID(key.split("/")[1])).first()
    except ValueError:
        return None


def _expected(key: str) -> str:
    upload = _upload(key) if key.startswith("uploads/") and key.endswith("/file") else None
    return upload.sha256 if upload else ""


def _type(key: str) -> str:
    if key.endswith(".webp"):
        return "image/webp"
    upload = _upload(key)
    return upload.type if upload else "application/octet-stream"
