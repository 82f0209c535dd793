"""Deleting permanently what was in the trash for too long.

Each function does a bounded number of rows in its transaction, and returns how many rows of which model went, as
Django counts them; it is called until nothing is left.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import models

from todos.models import Activity, Attachment, Todo, TodoList
from uploads.models import State, Upload

type Deleted = dict[str, int]

_FILES = 50
"""Files ended in one transaction: each takes about ten statements."""


def trashed_todos(before: datetime, *, limit: int) -> Deleted:
    """Delete to-dos that were trashed at `before` or earlier. `restore` refuses them, so nothing comes back by half."""
    return _todos(Todo.objects.trashed().filter(trashed_at__lte=before).order_by("trashed_at"), limit=limit)


def trashed_attachments(before: datetime, *, limit: int) -> Deleted:
    """Delete attachments that were trashed at `before` or earlier; `restore` refuses them."""
    return _attachments(Attachment.objects.filter(trashed_at__lte=before).order_by("trashed_at"), limit=limit)


def lost_attachments(before: datetime, *, limit: int) -> Deleted:
    """Delete attachments whose file was lost, or deleted by an operator, at `before` or earlier."""
    lost = Attachment.objects.filter(upload__state=State.DELETED, upload__deleted_at__lte=before)
    return _attachments(lost.order_by("pk"), limit=limit)


def trashed_lists(before: datetime, *, limit: int) -> Deleted:
    """Delete rows of the list that was trashed first, at `before` or earlier, and in the end the list."""
    todo_list = TodoList.objects.trashed().filter(trashed_at__lte=before).order_by("trashed_at").first()
    return empty(todo_list, limit=limit) if todo_list else {}


def empty(todo_list: TodoList, *, limit: int) -> Deleted:
    """Delete rows of the list, and the list itself when nothing else is left of it."""
    return (
        _todos(Todo.objects.filter(list=todo_list).order_by("pk"), limit=limit)
        or _rows(Activity.objects.filter(list=todo_list).order_by("pk"), limit=limit)
        or _rows(TodoList.objects.filter(pk=todo_list.pk), limit=1)
    )


def _todos(todos: models.QuerySet[Todo], *, limit: int) -> Deleted:
    # Their files and history first: one to-do may have more of it than one transaction should delete. The files before
    # the to-dos are locked: the check of an upload comes to the to-do last.
    files = Attachment.objects.filter(todo__in=list(todos.values_list("pk", flat=True)[:limit])).order_by("pk")
    if deleted := _attachments(files, limit=limit):
        return deleted
    pks = list(todos.select_for_update().values_list("pk", flat=True)[:limit])
    history = Activity.objects.filter(todo__in=pks).order_by("pk")
    return _rows(history, limit=limit) or _delete(Todo, pks)


def _attachments(found: models.QuerySet[Attachment], *, limit: int) -> Deleted:
    """Delete attachments with their files: the uploads are locked first, as in the check that attaches them."""
    pks = list(found.values_list("pk", flat=True)[: min(limit, _FILES)])
    for upload in Upload.objects.filter(attachment__in=pks).locked():
        upload.discard(by=None)
    return _delete(Attachment, pks)


def _rows(found: models.QuerySet[Any], *, limit: int) -> Deleted:
    return _delete(found.model, list(found.values_list("pk", flat=True)[:limit]))


def _delete(model: type[models.Model], pks: Iterable[int]) -> Deleted:
    _count, deleted = model._default_manager.filter(pk__in=pks).delete()  # noqa: SLF001 - Django's own name for it
    return deleted
