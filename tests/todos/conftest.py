from collections.abc import Callable

import pytest

from todos.models import Todo, TodoList


@pytest.fixture
def texts() -> Callable[[TodoList], list[str]]:
    """What stands in a list, from top to bottom."""

    def texts_of(todo_list: TodoList) -> list[str]:
        todos = Todo.objects.live().filter(list=todo_list).order_by("position", "pk")
        return list(todos.values_list("text", flat=True))

    return texts_of
