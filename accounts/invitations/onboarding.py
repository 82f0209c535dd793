"""A new person's first days: a welcome, and a tip if nothing was completed after three days.

`User.onboarding_at` is set exactly while there is something to wait for. It is loaded with everybody who completes a
to-do, so that the ticks of all others cost nothing.
"""

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts import extensions, links, mail
from accounts.models import User
from workflows import engine

WORKFLOW = "onboarding"
COMPLETED = "first to-do completed"
PATIENCE = timedelta(days=3)


def begin(person: User, *, send_link: bool, by: User | None) -> None:
    """Start the onboarding of a new person, with a link to choose a password if they are to get one by mail."""
    person.onboarding_at = timezone.now()
    person.save(update_fields=["onboarding_at"])
    engine.start(WORKFLOW, {"user_id": person.pk, "send_link": send_link}, id=run_id(person), by=by)


def run_id(person: User) -> str:
    return f"onboarding-{person.pk}"


def note_completion(person: User) -> None:
    """End the person's onboarding, if it is still going on: they have completed a to-do."""
    with transaction.atomic():  # the person before the run, as in `tip`: both lock both
        if person.onboarding_at and _end(person.pk):
            engine.send_event(run_id(person), COMPLETED, by=person, missing_ok=True)


def welcome(user_id: int) -> bool:
    """Mail the link; False if there is no longer anyone to mail it to."""
    person = User.objects.filter(pk=user_id).first()
    return person is not None and mail.send_password_link(person)


def tip(user_id: int, *, had_link: bool) -> bool:
    """End the onboarding with a mail of tips; False for people who have completed something or cannot sign in."""
    person = User.objects.filter(pk=user_id).first()
    if person is None or not _end(user_id):
        return False
    # They have completed something, and the note of it has not arrived yet.
    if any(extension.has_begun(person) for extension in extensions.joined()):
        return False
    if not (had_link or person.has_usable_password()):
        return False
    if not person.wants(mail.TIPS):
        return False
    context: dict[str, Any] = {"reset_url": "" if person.has_usable_password() else links.reset_url()}
    return mail.send_mail("accounts/invitations/mail/tip", to=person, context=context)


def _end(user_id: int) -> bool:
    return bool(User.objects.filter(pk=user_id, onboarding_at__isnull=False).update(onboarding_at=None))
