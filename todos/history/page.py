"""What happened to a to-do, as its page shows it."""

from typing import Any

from django.core.paginator import Paginator

from todos.models import Todo
from todos.web.paging import PAGE_SIZE


def history_context(todo: Todo, *, page: int = 1) -> dict[str, Any]:
    history = Paginator(todo.activities.for_history(), PAGE_SIZE).get_page(page)
    return {"activities": history, "page_obj": history}
