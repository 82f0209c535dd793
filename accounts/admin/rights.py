"""Which operators can do what to whom in the console."""

from django.http import HttpRequest

from accounts.models import User


def is_superuser(request: HttpRequest) -> bool:
    return bool(request.user.is_active and request.user.is_superuser)


def may_touch(request: HttpRequest, person: User | None) -> bool:
    """Staff and superusers are changed by superusers only."""
    return person is None or is_superuser(request) or not (person.is_staff or person.is_superuser)
