"""Forgetting what is over. Each deletes at most `limit` rows of what ended before, and returns how many."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from workflows.models import Attempt, AuditLine, Event, Firing, Message, Run, Step
from workflows.transitions.verbs import verb


@verb
def runs(before: datetime, *, limit: int) -> int:
    """Delete finished runs with all that belongs to them; a child goes when its parent is over, and before it."""
    over = Run.objects.finished().filter(finished_at__lt=before, children=None)
    wanted = over.exclude(parent__in=Run.objects.unfinished())
    ids = list(wanted.order_by("finished_at").values_list("pk", flat=True)[:limit])
    steps = Step.objects.filter(run__in=ids)
    Event.objects.filter(run__in=ids).delete()
    Attempt.objects.filter(step__in=steps).delete()
    steps.delete()
    Firing.objects.filter(run__in=ids).update(run=None)
    Run.objects.filter(pk__in=ids).delete()
    return len(ids)


@verb
def messages(before: datetime, *, limit: int) -> int:
    """Delete acknowledged messages; their idempotency keys are free again. Dead letters stay."""
    return _delete(Message.objects.filter(acknowledged_at__lt=before).order_by("acknowledged_at"), limit)


@verb
def firings(before: datetime, *, limit: int) -> int:
    return _delete(Firing.objects.filter(fire_at__lt=before).order_by("fire_at"), limit)


@verb
def audit_lines(before: datetime, *, limit: int) -> int:
    return _delete(AuditLine.objects.filter(at__lt=before).order_by("pk"), limit)


def _delete(found: QuerySet[Any], limit: int) -> int:
    ids = list(found.values_list("pk", flat=True)[:limit])
    type(found)(found.model).filter(pk__in=ids).delete()
    return len(ids)
