from typing import Any

from django.http import HttpRequest
from django.utils.functional import lazy

from accounts.models import Theme, User


def theme(request: HttpRequest) -> dict[str, Any]:
    """Give templates the `theme`, looked up only where a page uses it: most error pages and fragments do not."""
    return {"theme": lazy(chosen_theme, str)(request)}


def chosen_theme(request: HttpRequest) -> str:
    user = getattr(request, "user", None)
    choice = user.theme if isinstance(user, User) else request.COOKIES.get("theme", "")
    return choice if choice in Theme.values else Theme.SYSTEM.value
