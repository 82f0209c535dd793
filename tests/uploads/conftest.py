import io
import json
import struct
import zlib
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.test import Client

from tests.faulty import Faulty
from tests.uploads.bucket import KEY, put
from uploads import targets
from uploads.models import Upload
from uploads.stores import store
from uploads.stores.local import LocalStore
from uploads.targets import Target
from workflows.testing import run_until_idle

SHELF = Target("shelf", "7")


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    """The local store, in a folder of its own."""
    settings.UPLOAD_FOLDER = tmp_path / "uploads"
    return settings.UPLOAD_FOLDER


class Shelf:
    """Something that files are put on: Alice and Bob may, Carol sees it, nobody else knows of it."""

    def __init__(self) -> None:
        self.is_gone = False
        self.attached: list[Upload] = []
        self.told: list[tuple[Upload, Any]] = []

    def may_add(self, user, id: str) -> None:
        if id != SHELF.id or user.name not in ("Alice", "Bob", "Carol"):
            raise Http404
        if user.name == "Carol":
            raise PermissionDenied("You may only look at this shelf.")

    def attach(self, upload: Upload) -> None:
        if self.is_gone:
            raise targets.Gone
        self.attached.append(upload)

    def lost(self, upload: Upload, by) -> None:
        self.told.append((upload, by))

    def kept(self, ids) -> set:
        return {upload.pk for upload in self.attached} & set(ids)


@pytest.fixture(scope="session")
def proxy(s3_server) -> Iterator[Faulty]:
    made = Faulty(s3_server.endpoint)
    yield made
    made.stop()


@pytest.fixture
def faulty(s3, proxy, settings) -> Faulty:
    """Put uploads and the default storage into the bucket, behind a proxy that can fail."""
    settings.S3 = bucket = s3.bucket(endpoint=proxy.endpoint)
    settings.STORAGES = settings.STORAGES | {"default": bucket.private_storage()}
    proxy.asked.clear()
    return proxy


@pytest.fixture
def etag(s3):
    """Return the ETag of five bytes that a browser has put."""
    assert put() == 200
    return store().head(KEY).etag


@pytest.fixture
def impatient(monkeypatch) -> None:
    """Shorten the time after which a silent bucket counts as down; the real one is tried in a slow test."""
    monkeypatch.setattr("uploads.stores.s3.QUICK", 0.3)
    monkeypatch.setattr("uploads.stores.s3.PATIENT", 0.5)


@pytest.fixture
def sent(begin) -> Callable[..., Upload]:
    """Return a function that declares an upload of Alice's, stores its bytes (in any store) and completes it."""

    def sent(data: bytes = PNG) -> Upload:
        upload: Upload = begin(data)
        store().write(upload.incoming, io.BytesIO(data), type=upload.type)
        upload.complete(by=upload.owner)
        return upload

    return sent


@pytest.fixture
def shelf(monkeypatch) -> Shelf:
    made = Shelf()
    monkeypatch.setattr(targets, "_kinds", dict(targets._kinds))
    targets.register("shelf", may_add=made.may_add, attach=made.attach, kept=made.kept, lost=made.lost)
    return made


def png(width: int = 3, height: int = 2, *, comment: bytes = b"") -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    text = chunk(b"tEXt", b"Comment\0" + comment) if comment else b""
    rows = zlib.compress((b"\0" + b"\x10\x80\x40" * width) * height)
    return b"\x89PNG\r\n\x1a\n" + header + text + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


PNG = png()


def declare(client: Client, **fields):
    """Ask for an upload of the PNG, but for what the fields say."""
    given = {"name": "tiles.png", "size": len(PNG), "type": "image/png", "target": SHELF._asdict()} | fields
    return client.post("/uploads/", json.dumps(given), content_type="application/json")


def send(put: dict, data: bytes = PNG, *, client: Client | None = None, url: str = "", **headers):
    """Send bytes as a browser does that was told where to."""
    sent = put["headers"] | {name.replace("_", "-"): value for name, value in headers.items()}
    kind = sent.pop("Content-Type")
    return (client or Client()).put(url or put["url"], data, content_type=kind, headers=sent)


@pytest.fixture
def begin(shelf, alice) -> Callable[..., Upload]:
    """Return a function that declares an upload of Alice's."""

    def begin(data: bytes = PNG, *, by=alice, **fields) -> Upload:
        given: dict[str, Any] = {"name": "tiles.png", "type": "image/png", "target": SHELF, "size": len(data)} | fields
        return Upload.create(**given, by=by)

    return begin


@pytest.fixture
def arrive(begin) -> Callable[..., Upload]:
    """Return a function that declares an upload of Alice's and stores its bytes."""

    def arrive(data: bytes = PNG, **fields) -> Upload:
        upload = begin(data, **fields)
        LocalStore().receive(upload.incoming, iter([data]), size=len(data))
        return upload

    return arrive


@pytest.fixture
def make_ready(arrive) -> Callable[..., Upload]:
    def make_ready(data: bytes = PNG, **fields) -> Upload:
        upload = arrive(data, **fields)
        upload.complete(by=upload.owner)
        run_until_idle()
        upload.refresh_from_db()
        assert upload.state == "ready"
        return upload

    return make_ready


def path_of(url: str) -> str:
    return urlsplit(url).path


def keys() -> list[str]:
    """Return what is in the store."""
    return sorted(key for key, _found in store().walk())
