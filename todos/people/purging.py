"""Deleting for good: what was in the trash for too long, and what belongs to a person who is purged.

Each function does a bounded number of rows in its transaction. Those that are called until nothing is left return how
many rows of which model went, as Django counts them.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import models
from django.utils import timezone

from accounts.models import User
from todos.models import Activity, Attachment, Membership, Todo, TodoList, Verb
from todos.models.membership import refuse_to_desert
from uploads.models import State, Upload

type Deleted = dict[str, int]

_FILES = 50
"""Files ended in one transaction: each takes some ten statements."""
_NAMING = (Verb.MEMBER_ADDED, Verb.MEMBER_ROLE_CHANGED, Verb.MEMBER_REMOVED, Verb.MEMBER_LEFT)


def trashed_todos(before: datetime, *, limit: int) -> Deleted:
    """Delete to-dos that are in the trash since `before` or longer. `restore` refuses them, so no half comes back."""
    return _todos(Todo.objects.trashed().filter(trashed_at__lte=before).order_by("trashed_at"), limit=limit)


def trashed_attachments(before: datetime, *, limit: int) -> Deleted:
    """Delete attachments that are in the trash since `before` or longer; `restore` refuses them."""
    return _attachments(Attachment.objects.filter(trashed_at__lte=before).order_by("trashed_at"), limit=limit)


def lost_attachments(before: datetime, *, limit: int) -> Deleted:
    """Delete attachments whose file was lost, or deleted by an operator, at `before` or earlier."""
    lost = Attachment.objects.filter(upload__state=State.DELETED, upload__deleted_at__lte=before)
    return _attachments(lost.order_by("pk"), limit=limit)


def trashed_lists(before: datetime, *, limit: int) -> Deleted:
    """Delete rows of the list that is longest in the trash, at least since `before`, and in the end the list."""
    todo_list = TodoList.objects.trashed().filter(trashed_at__lte=before).order_by("trashed_at").first()
    return empty(todo_list, limit=limit) if todo_list else {}


def empty(todo_list: TodoList, *, limit: int) -> Deleted:
    """Delete rows of the list, and the list itself when nothing else is left of it."""
    return (
        _todos(Todo.objects.filter(list=todo_list).order_by("pk"), limit=limit)
        or _rows(Activity.objects.filter(list=todo_list).order_by("pk"), limit=limit)
        or _rows(TodoList.objects.filter(pk=todo_list.pk), limit=1)
    )


def leave(person: User, *, deserting: bool = False) -> None:
    """Take the person out of all lists that others are in too.

    Where they alone own one raise ValidationError or, `deserting`, leave it without an owner, as the console shows.
    """
    lists = TodoList.objects.select_for_update(no_key=True).filter(memberships__user=person).order_by("pk")
    held = list(lists.values_list("pk", flat=True))
    theirs = list(Membership.objects.of(person).filter(list__in=held))
    if not deserting:
        refuse_to_desert(theirs)
    shared = set(Membership.objects.filter(list__in=held).exclude(user=person).values_list("list", flat=True))
    now = timezone.now()
    Activity.objects.bulk_create(
        Activity(list_id=row.list_id, verb=Verb.MEMBER_LEFT, changes={"role": [row.role, None]}, created_at=now)
        for row in theirs
        if row.list_id in shared
    )
    Membership.objects.of(person).filter(list__in=shared).delete()


def own_lists(person_id: int, *, limit: int) -> Deleted:
    """Delete rows of a list that only the person has."""
    membership = Membership.objects.filter(user=person_id).order_by("pk").first()
    if membership is None:
        return {}
    todo_list = TodoList.objects.select_for_update().get(pk=membership.list_id)
    if todo_list.memberships.exclude(pk=membership.pk).exists():
        # An operator has just shared it: it stays, and the console shows it among those without an owner.
        return _delete(Membership, [membership.pk])
    return empty(todo_list, limit=limit)


def history_naming(person_id: int) -> list[int]:
    """Return the ids of activities whose changes hold the person's name."""
    named = models.Q(changes__user__0=person_id) | models.Q(changes__user__1=person_id)
    return list(Activity.objects.filter(named, verb__in=_NAMING).order_by("pk").values_list("pk", flat=True))


def take_names(pks: Sequence[int]) -> None:
    rows = list(Activity.objects.filter(pk__in=pks))
    for row in rows:
        row.changes = {**row.changes, "member": [None, None], "user": [None, None]}
    Activity.objects.bulk_update(rows, ["changes"])


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
