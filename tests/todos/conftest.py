from collections.abc import Callable

import pytest

from tests.todos.attachments.files import attach
from tests.todos.bulk_adds.making import text
from todos.bulk_adds import steps
from todos.models import Attachment, BulkAdd, Todo, TodoList


@pytest.fixture
def texts() -> Callable[[TodoList], list[str]]:
    """What stands in a list, from top to bottom."""

    def texts_of(todo_list: TodoList) -> list[str]:
        todos = Todo.objects.live().filter(list=todo_list).order_by("position", "pk")
        return list(todos.values_list("text", flat=True))

    return texts_of


@pytest.fixture
def small_batches(monkeypatch):
    monkeypatch.setattr(steps, "BATCH", 5)
    monkeypatch.setattr(steps, "KEPT_FINDINGS", 2)


@pytest.fixture
def bulk_add(flat, alice) -> BulkAdd:
    return BulkAdd.create(flat, text(), by=alice)


@pytest.fixture
def plan(tiles, alice) -> Attachment:
    return attach(tiles, by=alice)
