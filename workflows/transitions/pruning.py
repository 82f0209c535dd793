"""Deleting what has finished. Each changes at most `limit` rows of what ended before, and returns how many."""

from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from workflows.models import Attempt, AuditLine, Event, Firing, Message, Run, RunStatus, Step
from workflows.transitions.guarding import verb

FOR_GOOD = (RunStatus.SUCCEEDED, RunStatus.CANCELLED)
"""Statuses that no operator can undo."""


@verb
def runs(before: datetime, *, limit: int) -> int:
    """Delete what belongs to finished runs, and those of which nothing else is left.

    First failed runs can be retried no more: a parent before its child, which it would start again if that were gone.
    Then they are deleted, a child before its parent. A run that an operator is working on is left for the next time.
    """
    over = Run.objects.finished().filter(Q(parent=None) | Q(parent__status__in=FOR_GOOD), finished_at__lt=before)
    if failed := _lock(over.in_status(RunStatus.FAILED), limit):
        return Run.objects.filter(pk__in=failed).update(status=RunStatus.CANCELLED)  # no retry any more
    leaves = over.filter(status__in=FOR_GOOD).exclude(pk__in=Run.objects.filter(parent__isnull=False).values("parent"))
    ids = _lock(leaves.order_by("finished_at"), limit)
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


KINDS = {  # by the names of their steps, which runs have stored
    "runs": runs,
    "messages": messages,
    "firings": firings,
    "audit_lines": audit_lines,
}


def _lock(found: QuerySet[Run], limit: int) -> list[str]:
    """Return the ids of those that nobody else has locked."""
    return list(found.select_for_update(skip_locked=True, of=("self",)).values_list("pk", flat=True)[:limit])


def _delete(found: QuerySet[Any], limit: int) -> int:
    ids = list(found.values_list("pk", flat=True)[:limit])
    type(found)(found.model).filter(pk__in=ids).delete()
    return len(ids)
