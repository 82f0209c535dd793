"""What the page of a to-do shows of its files."""

from datetime import timedelta
from json import dumps
from typing import Any
from zlib import crc32

from django.conf import settings
from django.utils import timezone

from accounts.models import User
from todos.attachments import attaching
from todos.attachments.words import sending_words
from todos.models import Attachment, Todo
from todos.models.attachment import MOST_FILES
from todos.models.roles import WRITERS
from todos.web.moving import point_all
from uploads import plain_form
from uploads.kinds import Type
from uploads.models import State, Upload
from uploads.verifying import MOST_PIXELS

_SENDING_TAKES = timedelta(minutes=15)
"""Longer than sending a file takes; anything older was interrupted, and nobody is waiting for it."""


_DRAWING_TAKES = timedelta(minutes=2)


def files_context(todo: Todo, *, person: User) -> dict[str, Any]:
    """Return what `todos/attachments/_files.html` shows. Of uploads, the person sees their own."""
    writer = todo.role in WRITERS
    files = list(Attachment.objects.filter(todo=todo).live().for_page().in_order())
    point_all(files, files)
    removed = Attachment.objects.filter(todo=todo).trashed().for_page().order_by("-trashed_at")
    uploads = _unfinished(todo, person=person) if writer else []
    return {
        "todo": todo,
        "list": todo.list,
        "can_write": todo.is_writable,
        "attachments": files,
        "removed_files": list(removed[:MOST_FILES]) if writer else [],
        "uploads": uploads,
        "checking": sum(upload.state == State.VERIFYING for upload in uploads),
        "refused": sum(upload.state == State.REJECTED for upload in uploads),
        "following": _is_moving(files, uploads),
        "seen": crc32(repr(_seen(files, uploads)).encode()),
        "room": max(MOST_FILES - len(files), 0),
        "most_files": MOST_FILES,
        "most_at_once": plain_form.MOST,
        "largest": settings.UPLOAD_MAX_BYTES,
        "types": ",".join(Type.values),
        "most_pixels": dumps(MOST_PIXELS),
        "sending_words": sending_words() if writer else {},
    }


def _unfinished(todo: Todo, *, person: User) -> list[Upload]:
    return list(Upload.objects.of(person).meant_for(attaching.target(todo)).unfinished().order_by("created_at", "pk"))


def _is_moving(files: list[Attachment], uploads: list[Upload]) -> bool:
    """Is something about to change by itself, so that the page should ask again?"""
    now = timezone.now()
    return any(
        upload.state == State.VERIFYING or (upload.state == State.PENDING and upload.created_at > now - _SENDING_TAKES)
        for upload in uploads
    ) or any(
        file.upload.is_picture and not file.has_thumbnails and file.created_at > now - _DRAWING_TAKES for file in files
    )


def _seen(files: list[Attachment], uploads: list[Upload]) -> list[tuple[str, ...]]:
    shown = [(str(file.pk), file.caption, str(file.has_thumbnails)) for file in files]
    return [*shown, *((str(upload.pk), upload.state) for upload in uploads)]
