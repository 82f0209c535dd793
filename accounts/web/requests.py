"""Requests of people who are signed in, for the type checker and for those who read."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from accounts.models import User


class MemberRequest(HttpRequest):
    """A request whose sender is signed in; a decorator of the view makes sure of that."""

    user: User
    htmx: HtmxDetails


def operator(request: HttpRequest) -> User:
    """Return who uses the console: its site lets nobody else in."""
    assert isinstance(request.user, User)
    return request.user
