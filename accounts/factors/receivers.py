"""Receivers of signals from Django and allauth: signing in, re-authentication, changes of factors."""

from typing import Any

from allauth.account.signals import authentication_step_completed
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added, authenticator_removed, authenticator_reset
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest

from accounts import audit, sessions
from accounts.models import AuditKind, User
from accounts.sessions import fresh


@receiver(user_logged_in)
def begin_session(request: HttpRequest | None, **_: Any) -> None:
    if request is not None:
        sessions.begin(request)
        fresh.refresh(request)


@receiver(authentication_step_completed)
def renew_session(request: HttpRequest, user: User, *, reauthenticated: bool = False, **_: Any) -> None:
    if reauthenticated:
        request.session.cycle_key()  # who had learned the old key has nothing
        fresh.refresh(request)
        audit.record(AuditKind.REAUTHENTICATED, person=user, actor=user)


@receiver([authenticator_added, authenticator_reset])
def note_new_factor(user: User, authenticator: Authenticator, **_: Any) -> None:
    codes = authenticator.type == Authenticator.Type.RECOVERY_CODES
    kind = AuditKind.RECOVERY_CODES_MADE if codes else AuditKind.FACTOR_ADDED
    audit.record(kind, person=user, actor=user, detail="" if codes else str(authenticator))


@receiver(authenticator_removed)
def note_removed_factor(user: User, authenticator: Authenticator, **_: Any) -> None:
    audit.record(AuditKind.FACTOR_REMOVED, person=user, actor=user, detail=str(authenticator))
