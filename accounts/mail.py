"""Mail to people: rendered here and now, handed to the queue in the caller's transaction, sent by a worker.

A worker that dies between sending and noting it sends again; the copy has the same Message-ID, so that mail programs
show it once. A server that refuses or cannot be reached is tried again for about an hour and a half.
"""

import logging
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

from accounts.links import password_link
from accounts.models import User
from workflows.dispatch import JobTimeout, enqueue

ATTEMPTS = 10
FIRST_DELAY = timedelta(seconds=30)
LONGEST_DELAY = timedelta(minutes=15)
NEVER_WORKS = (ValueError, MessageError)  # a message that cannot be written; trying again would change nothing

log = logging.getLogger("holdfast.mail")


def send_mail(template: str, *, to: User | str, context: dict[str, Any]) -> bool:
    """Queue the mail made of `<template>_subject.txt` and `<template>.txt`, in the person's time zone.

    `to` may be an address nobody has yet. Return False, and send nothing, for people who may not sign in.
    """
    person = to if isinstance(to, User) else _owner(to)
    if person and not person.may_sign_in():
        return False
    message = {"to": to.email if isinstance(to, User) else to} | _render(template, person=person, context=context)
    enqueue("accounts.tasks.deliver_mail", message=message, key=uuid.uuid4().hex)
    return True


def send_password_link(person: User) -> bool:
    """Mail the person a link to choose their password; False for people who may not sign in."""
    return send_mail("account/email/welcome", to=person, context={"password_url": password_link(person)})


def deliver(message: dict[str, str], *, key: str, attempt: int) -> bool:
    """Send a queued mail; on failure queue the next attempt and return False, or raise after the last.

    A person shut out since then gets nothing.
    """
    person = _owner(message["to"])
    if person and not person.may_sign_in():
        return False
    try:
        _send(message, key=key)
    except NEVER_WORKS:
        log.exception("Mail %s to %s cannot be sent.", key, message["to"])
        raise
    except (Exception, JobTimeout) as error:  # a mail backend of any kind, and whatever network it stands on
        if attempt >= ATTEMPTS:
            log.error("Mail %s to %s failed %d times, the last: %s", key, message["to"], attempt, error)
            raise
        delay = retry_delay(attempt)
        log.warning("Mail %s to %s failed (attempt %d), again in %s: %s", key, message["to"], attempt, delay, error)
        enqueue("accounts.tasks.deliver_mail", delay=delay, message=message, key=key, attempt=attempt + 1)
        return False
    return True


def retry_delay(attempt: int) -> timedelta:
    return min(FIRST_DELAY * (1 << attempt - 1), LONGEST_DELAY)


def _send(message: dict[str, str], *, key: str) -> None:
    headers = {"Message-ID": f"<{key}@{urlsplit(settings.PUBLIC_URL).hostname}>", "Auto-Submitted": "auto-generated"}
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
    with timezone.override(person.zone) if person else nullcontext(), translation.override(settings.LANGUAGE_CODE):
        subject, text = (_plain(f"{template}{ending}", context) for ending in ("_subject.txt", ".txt"))
    return {"subject": " ".join(subject.split()), "text": f"{text.strip()}\n"}


def _plain(template: str, context: dict[str, Any]) -> str:
    # Not HTML: a name like "O'Brien" must not arrive as "O&#x27;Brien".
    return Engine.get_default().get_template(template).render(Context(context, autoescape=False))
