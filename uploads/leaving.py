"""Exporting a person's uploads, and what happens to them when the person leaves."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import BinaryIO

from django.db import transaction

from accounts.extensions import PersonalFile, Rows
from accounts.leaving.exporting import CHUNK
from accounts.models import User
from uploads import targets
from uploads.models import State, Upload
from uploads.models.queries import UploadQuerySet
from uploads.stores import store
from uploads.stores.base import Missing
from workflows import engine

BATCH = 50
FIELDS = ("id", "name", "type", "size", "state", "target_kind", "target_id", "created_at", "deleted_at", "sha256")


def export(person: User) -> Iterator[tuple[str, Rows]]:
    """Yield a row about each of the person's files."""
    yield "uploads", Upload.objects.of(person).order_by("created_at").values(*FIELDS).iterator(CHUNK)


def files(person: User) -> Iterator[PersonalFile]:
    """Yield the files that the person uploaded, wherever they are attached now."""
    for upload in _in_batches(Upload.objects.of(person).ready()):
        yield PersonalFile(f"files/{upload.pk}/{upload.name}", upload.created_at, partial(_open, upload))


def leave(person: User) -> None:
    """End what is on its way; what is attached to things of others stays with them, as what the person wrote there."""
    with transaction.atomic():
        for upload in Upload.objects.of(person).unfinished().locked():
            upload.discard(by=None)


def purge(step: engine.Steps, person_id: int) -> None:
    """Delete what is attached to nothing, after the apps above deleted the person's own things; take off their name."""
    after = None
    while (after := step.transaction("uploads: rows", end_some, person_id, after=after)) is not None:
        pass


def end_some(person_id: int, *, after: str | None) -> str | None:
    """Delete those of the next batch that nobody else sees; return the last one's id, None where there was none."""
    theirs = Upload.objects.filter(owner=person_id).order_by("pk")
    batch = list((theirs.filter(pk__gt=after) if after else theirs)[:BATCH])
    for upload in Upload.objects.filter(pk__in=[upload.pk for upload in batch]).locked():
        kind = targets.find(upload.target_kind)
        if upload.state == State.READY and kind and kind.kept and upload.pk in kind.kept([upload.pk]):
            continue
        upload.discard(by=None)
    return str(batch[-1].pk) if batch else None


def _in_batches(found: UploadQuerySet) -> Iterator[Upload]:
    """Yield one after the other, with no query open: handling each may take long."""
    found = found.order_by("pk")
    batch = list(found[:BATCH])
    while batch:
        yield from batch
        batch = list(found.filter(pk__gt=batch[-1].pk)[:BATCH])


@contextmanager
def _open(upload: Upload) -> Iterator[BinaryIO]:
    try:
        with store().open(upload.file) as file:
            yield file
    except Missing as error:
        raise FileNotFoundError(upload.file) from error
