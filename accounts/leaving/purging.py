"""Deleting a person with all their data, once a second operator has approved it.

The apps that joined accounts.extensions leave and delete what they have of the person.
"""

from datetime import datetime

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import models, transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import extensions, mail
from accounts.links import public_url
from accounts.models import Invitation, PurgeRequest, PurgeStatus, Session, User
from accounts.refusals import OwnPurge
from project.lib.refusals import Refused
from workflows import engine
from workflows.models import Message


class Blocked(engine.NonRetryable):
    """Something that only people can resolve prevents it; nothing was changed."""


def ask(person: User, *, by: User, reason: str) -> PurgeRequest:
    """Ask for a purge and tell the other operators; refused where it is not possible."""
    if person == by:
        raise OwnPurge
    with transaction.atomic():
        with transaction.atomic():  # a rehearsal: whether it is possible is found by doing it
            end_access(User.objects.get(pk=person.pk))
            transaction.set_rollback(True)
        made = PurgeRequest.ask(person, by=by, reason=reason)
        for operator in User.objects.operators().exclude(pk=by.pk):
            _mail("purge_request", made, to=operator)
    return made


# --- Steps of the workflow -------------------------------------------------------------------------------------------


def settle(request_id: int, *, now: datetime) -> str:
    """Return the decision, or that there was none; if nothing follows from it, tell the operators."""
    request = PurgeRequest.objects.get(pk=request_id)
    status = request.settle(now=now)
    if status in (PurgeStatus.REFUSED, PurgeStatus.EXPIRED):
        _tell(request)
    return status


def shut_out(request_id: int) -> int:
    """End the person's access and what they share with others, all or nothing; return their number."""
    request = PurgeRequest.objects.select_related("person").get(pk=request_id)
    if request.person:
        try:
            end_access(request.person)
        except Refused as refusal:
            raise Blocked(str(refusal)) from refusal
    return request.person_number


def block(request_id: int, *, hindrance: str) -> None:
    request = PurgeRequest.objects.get(pk=request_id)
    if request.end(PurgeStatus.BLOCKED, hindrance=hindrance):
        _tell(request)


def forget_sessions(person_id: int, *, limit: int) -> int:
    """Delete the person's sessions; return how many. They no longer let anyone in, but they name the person."""
    deleted = 0
    theirs = Session.objects.filter(user_id=person_id)
    while keys := list(theirs.values_list("pk", flat=True)[:limit]):
        deleted += Session.objects.filter(pk__in=keys).delete()[0]
    return deleted


def forget_mails(person_id: int) -> int:
    """Drop mails to the person that could not be delivered; return how many."""
    person = User.objects.filter(pk=person_id).first()
    if person is None:
        return 0
    dead = Message.objects.dead().filter(queue=mail.QUEUE, body__contains=f'"to":"{person.email}"')
    return engine.drop(list(dead.values_list("pk", flat=True)))


def forget_deeds(person_id: int, *, limit: int) -> int:
    """Remove the person from up to `limit` rows that are kept, whichever app they belong to; return how many."""
    for relation in User._meta.get_fields(include_hidden=True):  # noqa: SLF001 - Django's own name for it
        if isinstance(relation, models.ManyToOneRel) and relation.on_delete is models.SET_NULL:
            rows = relation.related_model._base_manager.filter(**{relation.field.name: person_id})  # noqa: SLF001
            if pks := list(rows.values_list("pk", flat=True)[:limit]):
                return rows.filter(pk__in=pks).update(**{relation.field.name: None})
    return 0


def finish(request_id: int) -> None:
    """Delete the person, note it and tell the two operators, in one transaction."""
    request = PurgeRequest.objects.get(pk=request_id)
    if not request.end(PurgeStatus.PURGED):
        return
    person = User.objects.filter(pk=request.person_number).first()
    if person:
        erase(person)
    _tell(request)


def erase(person: User) -> None:
    """Delete the person and everything that names them: invitations to their address, the console's log of changes."""
    Invitation.objects.filter(email=person.email).delete()
    entries = LogEntry.objects.filter(content_type=ContentType.objects.get_for_model(User), object_id=str(person.pk))
    entries.update(object_repr=_("Person %(number)d") % {"number": person.pk})
    person.delete()


def end_access(person: User) -> None:
    """End the person's access and remove them from what they share; refused if that is not possible."""
    User.objects.keep_an_operator(without={person.pk})
    for extension in extensions.joined():
        extension.leave(person)
    person.is_active, person.onboarding_at = False, None
    person.end_sessions()
    person.save(update_fields=["is_active", "onboarding_at", "session_version"])


def _tell(request: PurgeRequest) -> None:
    """Mail the outcome to the operators who asked and decided, if they are still here."""
    for pk in {request.requested_by_id, request.decided_by_id} - {None}:
        _mail("purge_outcome", request, to=User.objects.get(pk=pk))


def _mail(template: str, request: PurgeRequest, *, to: User) -> None:
    url = public_url(reverse("admin:accounts_purgerequest_change", args=[request.pk]))
    mail.send_mail(f"accounts/leaving/mail/{template}", to=to, context={"request": request, "url": url})
