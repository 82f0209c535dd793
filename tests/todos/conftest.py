from collections.abc import Callable

import pytest

from todos.models import Role, Todo, TodoList


@pytest.fixture
def flat(alice, bob, carol) -> TodoList:
    """Alice's list, in which Bob works and Carol reads."""
    flat = TodoList.create("Flat renovation", by=alice)
    flat.add_member(bob, role=Role.EDITOR, by=alice, tell=False)
    flat.add_member(carol, role=Role.READER, by=alice, tell=False)
    return flat


@pytest.fixture
def tiles(flat, alice) -> Todo:
    return flat.add("Order tiles", by=alice)


@pytest.fixture
def texts() -> Callable[[TodoList], list[str]]:
    """What stands in a list, from top to bottom."""

    def texts_of(todo_list: TodoList) -> list[str]:
        todos = Todo.objects.live().filter(list=todo_list).order_by("position", "pk")
        return list(todos.values_list("text", flat=True))

    return texts_of
