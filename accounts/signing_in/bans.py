"""What a banned person is told after entering the right password: the reason and the end, once."""

from typing import Any

from django.http import HttpRequest
from django.utils import formats, timezone

from accounts.models import User

SESSION_KEY = "ban"


def show_once(request: HttpRequest, person: User) -> None:
    """Let the next page about a closed account, in this browser, show the reason for this person's ban."""
    if not person.is_banned():
        return
    until = person.banned_until and timezone.localtime(person.banned_until, person.zone)
    request.session[SESSION_KEY] = {
        "reason": person.ban_reason,
        "until": f"{formats.date_format(until, 'DATETIME_FORMAT')} ({person.zone})" if until else "",
    }


def shown(request: HttpRequest) -> dict[str, Any] | None:
    found: dict[str, Any] | None = request.session.pop(SESSION_KEY, None)
    return found
