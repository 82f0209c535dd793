"""What scenes and people need: guests, uploads, texts of many lines."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import BytesIO
from itertools import count
from typing import IO, Any

from django.core.files.base import ContentFile
from PIL import Image

from tests.upgrades import held
from tests.upgrades.names import (
    BulkAdd,
    Role,
    TodoList,
    Upload,
    User,
    decoding,
    store,
    target,
)
from tests.upgrades.playing import PRESENT, finish

DAY = timedelta(days=1)
TOO_OLD = PRESENT - timedelta(days=400)
"""Longer ago than anything is kept."""
_numbers = count(1)
_picture = BytesIO()
Image.new("RGB", (24, 16), "seagreen").save(_picture, "PNG")
PNG = _picture.getvalue()


def _decode_once(file: IO[bytes], **order: Any) -> bytes:
    """Decode a picture, which starts a process, once for all uploads: they hold the same ones."""
    file.seek(0)
    key = file.read(), *map(str, order.values())
    if key not in _decoded:
        file.seek(0)
        _decoded[key] = _decode(file, **order)
    return _decoded[key]


_decode, decoding._run = decoding._run, _decode_once
_decoded: dict[tuple[Any, ...], bytes] = {}


def next_number() -> int:
    return next(_numbers)


def guest() -> User:
    number = next_number()
    person = User.objects.create_user(f"guest-{number}@example.com", name=f"Guest {number}")
    person.settle_address()
    return person


def named(name: str) -> User:
    return User.objects.get(name=name)


def guest_with_things() -> User:
    """Somebody with a list of their own, a file on its way, and a place in a list of others."""
    person = guest()
    own = TodoList.create("Own things", by=person)
    own.add("Water the plants", by=person)
    TodoList.objects.get(name="Flat renovation").add_member(person, role=Role.EDITOR, by=named("Alice"), tell=False)
    declared(own.add("Frame the picture", by=person), by=person)
    return person


def declared(todo, *, by: User, size: int = len(PNG)) -> Upload:
    return Upload.create(name="plan.png", size=size, type="image/png", target=target(todo), by=by)


def arrived(data: bytes = PNG) -> Upload:
    """An upload of Bob's whose check is about to begin."""
    bob, garage = named("Bob"), TodoList.objects.get(name="Garage")
    upload = declared(garage.add("Look at the plan", by=bob), by=bob, size=len(data))
    store().write(upload.incoming, BytesIO(data), type=upload.type)
    upload.complete(by=bob)
    return upload


def ready() -> Upload:
    upload = arrived()
    finish(upload.run_id)
    upload.refresh_from_db()
    assert upload.state == "ready", upload.message
    return upload


@contextmanager
def back_then(moment) -> Iterator[None]:
    now = held.now()
    held.hold(moment)
    yield
    held.hold(now)


def new_bulk_add() -> BulkAdd:
    lines = "\n".join(f"Box {number}" for number in range(1, 14))
    depot = TodoList.create("Depot", by=named("Bob"))
    return BulkAdd.create(depot, ContentFile(lines.encode()), by=named("Bob"))
