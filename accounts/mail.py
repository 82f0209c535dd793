"""Mail to people: rendered here and now, handed to the queue in the caller's transaction, sent by a worker.

A worker that dies between sending and noting it sends again; the copy has the same Message-ID, so that mail programs
show it once. A server that refuses or cannot be reached is tried again for about an hour and a half; then the mail is
a dead letter, which an operator can have sent after all.
"""

import uuid
from contextlib import nullcontext
from datetime import timedelta
from email.errors import MessageError
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import Q
from django.template import Context, Engine
from django.utils import timezone, translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts import extensions
from accounts.links import password_link
from accounts.models import User
from workflows import engine

QUEUE = "mail"
TIPS = "tips"
ATTEMPTS = 10
FIRST_DELAY = timedelta(seconds=30)
LONGEST_DELAY = timedelta(minutes=15)
NEVER_WORKS = (ValueError, MessageError)  # a message that cannot be written; trying again would change nothing


def kinds() -> dict[str, str | Promise]:
    """Return the kinds of mail that a person can turn off, with words for them; all others are about their account."""
    others = {kind: label for extension in extensions.joined() for kind, label in extension.mails.items()}
    return others | {TIPS: _("Email me tips for getting started")}


def send_mail(
    template: str, *, to: User | str, context: dict[str, Any], address: str = "", key: str | None = None
) -> bool:
    """Queue the mail made of `<template>_subject.txt` and `<template>.txt`, in the person's language and time zone.

    `to` may be an address nobody has yet; `address` is for a person whose own is another one. What was queued with a
    `key` is not queued with it again.
    Return False, and send nothing, for people who may not sign in.
    """
    person = to if isinstance(to, User) else _owner(to)
    if person and not person.may_sign_in():
        return False
    address = address or (to.email if isinstance(to, User) else to)
    message = {"to": address} | _render(template, person=person, context=context)
    engine.send(QUEUE, message | {"key": uuid.uuid4().hex, "person": person and person.pk}, idempotency_key=key)
    return True


def send_password_link(person: User) -> bool:
    """Mail the person a link to choose their password; False for people who may not sign in."""
    return send_mail("accounts/invitations/mail/welcome", to=person, context={"password_url": password_link(person)})


def deliver(message: dict[str, Any]) -> bool:
    """Send a queued mail, or raise the error. False, and nothing sent, for people banned or deleted since."""
    known = message.get("person")
    person = User.objects.filter(pk=known).first() if known else _owner(message["to"])
    if (known and not person) or (person and not person.may_sign_in()):
        return False
    try:
        _send(message)
    except NEVER_WORKS as error:
        raise engine.NonRetryable(f"the mail cannot be written: {error}") from error
    return True


def retry_delay(attempt: int) -> timedelta:
    return min(FIRST_DELAY * (1 << attempt - 1), LONGEST_DELAY)


def _send(message: dict[str, Any]) -> None:
    headers = {
        "Message-ID": f"<{message['key']}@{urlsplit(settings.PUBLIC_URL).hostname}>",
        "Auto-Submitted": "auto-generated",
    }
    EmailMessage(message["subject"], message["text"], to=[message["to"]], headers=headers).send()


def _owner(address: str) -> User | None:
    address = User.objects.normalize_email(address)
    person: User | None = User.objects.filter(Q(email=address) | Q(emailaddress__email=address)).first()
    return person


def _render(template: str, *, person: User | None, context: dict[str, Any]) -> dict[str, str]:
    context = {
        "user": person,
        "public_url": settings.PUBLIC_URL,
        "link_days": settings.PASSWORD_RESET_TIMEOUT // (24 * 3600),
        **context,
    }
    language = person.language_code if person else settings.LANGUAGE_CODE
    with timezone.override(person.zone) if person else nullcontext(), translation.override(language):
        subject, text = (_plain(f"{template}{ending}", context) for ending in ("_subject.txt", ".txt"))
    return {"subject": " ".join(subject.split()), "text": f"{text.strip()}\n"}


def _plain(template: str, context: dict[str, Any]) -> str:
    # Not HTML: a name like "O'Brien" must not arrive as "O&#x27;Brien".
    return Engine.get_default().get_template(template).render(Context(context, autoescape=False))
