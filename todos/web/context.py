from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts.models import User
from todos.models import TodoList

_MOST = 100  # the page of all lists has the others


def sidebar(request: HttpRequest) -> dict[str, Any]:
    """Give members' pages `sidebar_lists`; nothing is queried before a template uses it."""

    def lists() -> list[TodoList]:
        user = getattr(request, "user", None)
        return list(TodoList.objects.for_sidebar(user)[:_MOST]) if isinstance(user, User) else []

    return {"sidebar_lists": SimpleLazyObject(lists)}
