"""Who did what to whose account, from which address: recorded in the transaction of the deed itself."""

from datetime import datetime

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q

from accounts import addresses
from accounts.models import AuditEvent, AuditKind, User
from accounts.models.audit import AuditQuerySet
from project import logs

LONGEST = 200  # characters of a detail


def record(
    kind: AuditKind, *, person: User | None, actor: User | AnonymousUser | None = None, detail: str = ""
) -> AuditEvent:
    """Record a deed about `person` (None: about nobody known) by `actor`, the member of the request by default.

    `detail` is a few words for a person to read; it never holds a secret, nor an address nobody has an account for.
    """
    actor_id = actor.pk if actor else logs.user_id()
    address = addresses.current()
    return AuditEvent.objects.create(
        kind=kind,
        person=person,
        actor_id=actor_id,
        address=str(address) if address else None,
        detail=detail[:LONGEST],
    )


def about(person: User) -> AuditQuerySet:
    """Return what the person may read: what was done by them and to them."""
    return AuditEvent.objects.filter(Q(person=person) | Q(actor=person))


def prune(before: datetime, *, limit: int) -> int:
    """Delete up to `limit` events from before then; return how many."""
    old = AuditEvent.objects.filter(at__lt=before).order_by("at")
    return AuditEvent.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:limit])).delete()[0]
