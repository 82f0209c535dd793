"""Forgetting what is over. Each deletes at most `limit` rows of what ended before, and returns how many."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from workflows.models import Attempt, AuditLine, Event, Firing, Message, Run, RunStatus, Step
from workflows.transitions.verbs import verb


@verb
def runs(before: datetime, *, limit: int) -> int:
    """Delete what belongs to finished runs, and those of which nothing else is left.

    A child goes when its parent is over, and before it. A run that an operator has in hand is left for the next time.
    """
    over = Run.objects.finished().filter(finished_at__lt=before).exclude(parent__in=Run.objects.unfinished())
    leaves = over.exclude(pk__in=Run.objects.filter(parent__isnull=False).values("parent"))
    locked = leaves.select_for_update(skip_locked=True, of=("self",)).order_by("finished_at")
    ids = list(locked.values_list("pk", flat=True)[:limit])
    Run.objects.filter(pk__in=ids, status=RunStatus.FAILED).update(status=RunStatus.CANCELLED)  # no retry any more
    for rows in (
        Event.objects.filter(run__in=ids),
        Attempt.objects.filter(step__run__in=ids),
        Step.objects.filter(run__in=ids),
    ):
        if count := _delete(rows.order_by("pk"), limit):
            return count
    Firing.objects.filter(run__in=ids).update(run=None)
    return _delete(Run.objects.filter(pk__in=ids), limit)


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
