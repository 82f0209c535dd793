"""The audit log: who did what to whose account, from which address, recorded in the transaction of the action."""

from datetime import datetime

from django.db.models import Q

from accounts.models import AuditEvent, User
from accounts.models.audit import LONGEST, AuditQuerySet

__all__ = ["LONGEST", "about", "forget", "prune", "record"]

record = AuditEvent.record


def about(person: User) -> AuditQuerySet:
    """Return the events the person can read: done by them or to them, with `shown_address`."""
    return AuditEvent.objects.filter(Q(person=person) | Q(actor=person)).with_address_for(person).defer("address")


def forget(person_id: int, *, limit: int) -> int:
    """Delete up to `limit` events about a purged person; return how many. What they did to others is kept."""
    about_them = AuditEvent.objects.filter(person=person_id).order_by("pk")
    return AuditEvent.objects.filter(pk__in=list(about_them.values_list("pk", flat=True)[:limit])).delete()[0]


def prune(before: datetime, *, limit: int) -> int:
    """Delete up to `limit` events from before then; return how many."""
    old = AuditEvent.objects.filter(at__lt=before).order_by("at")
    return AuditEvent.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:limit])).delete()[0]
