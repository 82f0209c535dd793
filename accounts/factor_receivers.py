"""What follows from signing in and from confirming who one is, by whichever way: told by Django and allauth."""

from typing import Any

from allauth.account.signals import authentication_step_completed
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest

from accounts import auditing, fresh
from accounts.models import AuditKind, User


@receiver(user_logged_in)
def begin_session(request: HttpRequest | None, **_: Any) -> None:
    if request is not None:
        fresh.refresh(request)


@receiver(authentication_step_completed)
def renew_session(request: HttpRequest, user: User, *, reauthenticated: bool = False, **_: Any) -> None:
    if reauthenticated:
        request.session.cycle_key()  # who had learned the old key has nothing
        fresh.refresh(request)
        auditing.record(AuditKind.REAUTHENTICATED, person=user, actor=user)
