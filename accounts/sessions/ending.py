"""Sessions: where a person is signed in, ending one, and deleting those that have expired."""

from datetime import datetime

from django.contrib.auth import update_session_auth_hash
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import addresses, audit
from accounts.models import AuditKind, Session, User
from accounts.models.session import SIGNED_IN

_EXPIRY = "_session_expiry"  # Django's
LONGEST_DEVICE = 300  # characters of what a browser says about itself


def begin(request: HttpRequest) -> None:
    """Note in the session of somebody who has just signed in when, where and with what that was.

    The session ends with the browser, unless they have chosen otherwise: with the password, before a second factor.
    """
    address = addresses.current()
    request.session[SIGNED_IN] = {
        "at": timezone.now().timestamp(),
        "address": str(address) if address else None,
        "device": request.headers.get("User-Agent", "")[:LONGEST_DEVICE],
    }
    if _EXPIRY not in request.session:
        request.session.set_expiry(0)


def remember(request: HttpRequest, *, chosen: bool) -> None:
    """Let the session last for settings.SESSION_COOKIE_AGE, or end with the browser."""
    request.session.set_expiry(request.session.get_session_cookie_age() if chosen else 0)


def end(session: Session, *, by: User) -> bool:
    """Sign the session out; return False if that had happened already."""
    with transaction.atomic():
        ended = bool(Session.objects.filter(pk=session.pk).delete()[0])
        if ended:
            audit.record(AuditKind.SESSION_ENDED, person=by, actor=by, detail=session.device)
    return ended


def end_others(request: HttpRequest, *, by: User) -> int:
    """Sign out all sessions except that of the request; return how many there were."""
    others = [session for session in Session.objects.alive(by) if session.pk != request.session.session_key]
    with transaction.atomic():
        # Also ends one that is being given another key at this moment, and so escapes the deletion.
        by.end_sessions()
        by.save(update_fields=["session_version"])
        Session.objects.filter(pk__in=[session.pk for session in others]).delete()
        audit.record(AuditKind.SESSION_ENDED, person=by, actor=by, detail=_("All others"))
    update_session_auth_hash(request, by)
    return len(others)


def clear(before: datetime, *, limit: int) -> int:
    """Delete up to `limit` sessions that had expired by then; return how many."""
    over = Session.objects.filter(expire_date__lt=before).order_by("expire_date")
    keys = list(over.values_list("pk", flat=True)[:limit])
    deleted: int = Session.objects.filter(pk__in=keys).delete()[0]
    return deleted
