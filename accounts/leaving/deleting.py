"""Deleting one's own account: after 14 days in which it stays as it is, and in which the person may change their mind.

What others use too goes to the heirs that the person chose, or stays without an owner, which the operators knew two
weeks before (see accounts.extensions). The rest is deleted as in `accounts.leaving.purging`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from accounts import audit, extensions, mail
from accounts.extensions import Shared
from accounts.leaving import purging
from accounts.links import public_url
from accounts.models import AuditKind, User
from project.lib.locking import lock
from project.lib.refusals import Refused
from workflows import engine
from workflows.models import Run

WORKFLOW = "delete account"
CANCELLED = "deletion cancelled"
GRACE = timedelta(days=14)
WARN_BEFORE = timedelta(days=2)

type Heir = list[Any]
"""Extension, key of the thing, id of the person who gets it: as the workflow's input stores it."""


def shared(person: User) -> list[Shared]:
    return [thing for extension in extensions.joined() for thing in extension.shared(person)]


def ask(person: User, *, heirs: list[Heir]) -> bool:
    """Begin the 14 days; False if they have begun. Refused for the last operator."""
    with transaction.atomic():
        User.objects.keep_an_operator(without={person.pk})
        lock(person)
        if person.deletion_at:
            return False
        person.deletion_at = timezone.now() + GRACE
        person.save(update_fields=["deletion_at"])
        input = {"person_id": person.pk, "until": person.deletion_at, "heirs": heirs}
        engine.start(WORKFLOW, input, id=_run_id(person), by=person)
        audit.record(AuditKind.DELETION_ASKED, person=person, actor=person)
        _tell_person(person, "deletion_asked")
        _tell_operators(person, heirs=heirs)
    return True


def cancel(person: User) -> bool:
    """Keep the account after all; False if there was nothing to cancel."""
    with transaction.atomic():
        lock(person)
        if not person.deletion_at:
            return False
        engine.send_event(_run_id(person), CANCELLED, by=person, missing_ok=True)
        _keep(person, by=person)
    return True


# --- Steps of the workflow -------------------------------------------------------------------------------------------


def warn(person_id: int, *, until: datetime, heirs: list[Heir]) -> None:
    if person := _still_to_go(person_id, until=until):
        _tell_person(person, "deletion_soon")
        _tell_operators(person, heirs=heirs)


def shut_out(person_id: int, *, until: datetime, heirs: list[Heir]) -> bool:
    """End the person's access and what they share with others, all or nothing; False where they stay."""
    try:
        User.objects.keep_an_operator(without={person_id})  # locks in the order that everybody keeps
        person = _still_to_go(person_id, until=until)
        if person is None:
            return False
        for extension in extensions.joined():
            extension.hand_over(person, {key: heir for of, key, heir in heirs if of == extension.name})
        purging.end_access(person)
    except Refused as refusal:
        raise purging.Blocked(str(refusal)) from refusal
    return True


def block(person_id: int, *, until: datetime) -> None:
    """Keep the account, since nobody else could operate Holdfast, and tell the person."""
    if person := _still_to_go(person_id, until=until):
        _keep(person, by=None)
        _tell_person(person, "deletion_blocked")


def finish(person_id: int) -> None:
    """Delete the person and tell the address they had, in one transaction."""
    person = User.objects.filter(pk=person_id).first()
    if person:
        email, banned = person.email, person.is_banned()
        purging.erase(person)
        if not banned:
            mail.send_mail("accounts/leaving/mail/deletion_done", to=email, context={})


def stop(person_id: int, *, until: datetime) -> bool:
    """Keep the account, since an operator ended the wait, and tell the person; False where they cancelled it."""
    person = _still_to_go(person_id, until=until)
    if person is None:
        return False
    _keep(person, by=None)
    _tell_person(person, "deletion_stopped")
    return True


def abandoned() -> list[tuple[int, datetime]]:
    """Return the people whose deletion was abandoned because its run was ended, each with the time it was due."""
    waiting = {_run_id(person): person for person in User.objects.filter(deletion_at__isnull=False, is_active=True)}
    alive = set(Run.objects.filter(pk__in=waiting, finished_at=None).values_list("pk", flat=True))
    return [
        (person.pk, person.deletion_at) for key, person in waiting.items() if key not in alive and person.deletion_at
    ]


def _still_to_go(person_id: int, *, until: datetime) -> User | None:
    person: User | None = User.objects.select_for_update().filter(pk=person_id, deletion_at=until).first()
    return person


def _keep(person: User, *, by: User | None) -> None:
    person.deletion_at = None
    person.save(update_fields=["deletion_at"])
    audit.record(AuditKind.DELETION_CANCELLED, person=person, actor=by)


def _run_id(person: User) -> str:
    assert person.deletion_at
    return f"delete-account-{person.pk}-{person.deletion_at:%Y%m%d%H%M%S%f}"


def _tell_person(person: User, what: str) -> None:
    context = {"deletion_at": person.deletion_at, "url": public_url(reverse("account_settings"))}
    mail.send_mail(f"accounts/leaving/mail/{what}", to=person, context=context)


def _tell_operators(person: User, *, heirs: list[Heir]) -> None:
    """Mail a list of what will have no owner, if anything, to the people who can give it one."""
    settled = {(part, key) for part, key, _heir in heirs}
    deserted = [thing for thing in shared(person) if (thing.extension, thing.key) not in settled]
    if not deserted:
        return
    context = {"person": person, "things": deserted, "deletion_at": person.deletion_at}
    for operator in User.objects.operators().exclude(pk=person.pk):
        mail.send_mail("accounts/leaving/mail/deletion_deserts", to=operator, context=context)
