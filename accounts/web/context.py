from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.shortcuts import resolve_url
from django.utils.functional import lazy

from accounts.models import Theme, User


def member(request: HttpRequest) -> dict[str, Any]:
    """Give templates `theme` and `home_url`, looked up only where a page uses them: most fragments do not."""
    return {"theme": lazy(chosen_theme, str)(request), "home_url": lazy(resolve_url, str)(settings.LOGIN_REDIRECT_URL)}


def chosen_theme(request: HttpRequest) -> str:
    user = getattr(request, "user", None)
    choice = user.theme if isinstance(user, User) else request.COOKIES.get("theme", "")
    return choice if choice in Theme.values else Theme.SYSTEM.value
