"""Changing the sign-in address: by a link sent to the new one, with a mail to the old one."""

from typing import Any

from django.conf import settings
from django.core import signing
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.urls import reverse

from accounts import mail
from accounts.links import public_url
from accounts.models import User
from project.lib.locking import lock


def ask(person: User, email: str) -> None:
    """Mail a link to the new address; if someone signs in with it, mail nothing and don't say so."""
    if _is_free(email, owner=person):
        url = public_url(reverse("account_change_email_confirm", args=[_key(person, email)]))
        context: dict[str, Any] = {"url": url, "email": email}
        mail.send_mail("accounts/settings/email/mail/change_email", to=person, address=email, context=context)


def find(key: str) -> tuple[User, str] | None:
    """Return the person and the new address; None if the link was used, is too old, or the person may not sign in.

    A link dies with a change of the address or of the password, and with the end of all sessions.
    """
    number, _colon, signed = key.partition(":")
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        return None
    person = User.objects.active().filter(pk=int(number)).first()
    if person is None:
        return None
    try:
        email = signing.loads(signed, salt=_salt(person), max_age=settings.PASSWORD_RESET_TIMEOUT)
    except signing.BadSignature:
        return None
    return person, email


def confirm(key: str) -> User | None:
    """Change the address and tell the old one; None if the link does not work (any more)."""
    try:
        with transaction.atomic():
            if not (found := find(key)):
                return None
            person, email = found
            lock(person)
            if not find(key) or not _is_free(email, owner=person):
                return None
            mail.send_mail("account/email/email_changed", to=person, context={"email": email})
            person.change_email(email)
    except IntegrityError:  # somebody else was faster
        return None
    return person


def _is_free(email: str, *, owner: User) -> bool:
    taken = User.objects.filter(Q(email=email) | Q(emailaddress__email=email)).exclude(pk=owner.pk)
    return not taken.exists()


def _key(person: User, email: str) -> str:
    return f"{person.pk}:{signing.dumps(email, salt=_salt(person))}"


def _salt(person: User) -> str:
    return f"change email {person.email} {person.get_session_auth_hash()}"
