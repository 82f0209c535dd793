"""Deleting for good, a bounded number of rows in each transaction.

Each function returns how many rows of which model went, as Django counts them; nothing when there is nothing left.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import models

from todos.models import Activity, Todo, TodoList

type Deleted = dict[str, int]


def trashed_todos(before: datetime, *, limit: int) -> Deleted:
    """Delete to-dos that are in the trash since `before` or longer. `restore` refuses them, so no half comes back."""
    return _todos(Todo.objects.trashed().filter(trashed_at__lte=before).order_by("trashed_at"), limit=limit)


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


def _todos(todos: models.QuerySet[Todo], *, limit: int) -> Deleted:
    # Their history first: one to-do may have more of it than one transaction should delete.
    pks = list(todos.select_for_update().values_list("pk", flat=True)[:limit])
    history = Activity.objects.filter(todo__in=pks).order_by("pk")
    return _rows(history, limit=limit) or _delete(Todo, pks)


def _rows(found: models.QuerySet[Any], *, limit: int) -> Deleted:
    return _delete(found.model, list(found.values_list("pk", flat=True)[:limit]))


def _delete(model: type[models.Model], pks: Iterable[int]) -> Deleted:
    _count, deleted = model._default_manager.filter(pk__in=pks).delete()  # noqa: SLF001 - Django's own name for it
    return deleted
