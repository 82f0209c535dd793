"""What the page of one to-do shows, except for its form."""

from typing import Any

from accounts.models import User
from todos.attachments.page import files_context
from todos.history.page import history_context
from todos.models import Todo


def todo_context(todo: Todo, *, person: User, page: int) -> dict[str, Any]:
    return files_context(todo, person=person) | history_context(todo, page=page) | {"can_restore": todo.is_restorable}
