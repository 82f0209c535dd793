"""“Your files”: how much space they use, where they are, and what can be done with them."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.paginator import Page, Paginator

from accounts.extensions import Card
from accounts.models import User
from todos.models import Attachment
from todos.models.roles import WRITERS
from todos.web.paging import PAGE_SIZE
from uploads.models import Usage


@dataclass(frozen=True, slots=True)
class OwnFile:
    """A file, and what the loaders of `access` would say about it."""

    attachment: Attachment
    todo_readable: bool
    readable: bool
    removable: bool
    erasable: bool


def files_page(person: User, *, number: int) -> dict[str, Any]:
    page: Page[Any] = Paginator(Attachment.objects.for_files_page(person), PAGE_SIZE).get_page(number)
    return {"files": [_own(attachment) for attachment in page], "page_obj": page} | usage(person)


def usage(person: User) -> dict[str, int]:
    return {"used": Usage.of(person), "quota": settings.UPLOAD_QUOTA_BYTES}


def card(person: User) -> Card:
    return Card("todos/attachments/own_files/_card.html", usage(person))


def _own(attachment: Attachment) -> OwnFile:
    trashed, writer = attachment.trashed_at is not None, attachment.role in WRITERS
    todo_readable = attachment.role != "" and not attachment.todo.list.trashed_at
    disposable = todo_readable and writer and not attachment.todo.trashed_at
    return OwnFile(
        attachment=attachment,
        todo_readable=todo_readable,
        readable=todo_readable and (writer or not trashed),
        removable=disposable and not trashed,
        erasable=disposable and trashed,
    )
