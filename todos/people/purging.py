"""Deleting permanently what belongs to a person who is purged, and taking the person out of what is shared.

Each function does a bounded number of rows in its transaction.
"""

from collections.abc import Sequence

from django.db import models
from django.utils import timezone

from accounts.models import User
from todos.changes import record
from todos.models import Activity, Membership, TodoList, Verb
from todos.models.membership import refuse_to_desert
from todos.trash.emptying import Deleted, empty

_NAMING = (Verb.MEMBER_ADDED, Verb.MEMBER_ROLE_CHANGED, Verb.MEMBER_REMOVED, Verb.MEMBER_LEFT)


def leave(person: User, *, deserting: bool = False) -> None:
    """Take the person out of all lists that others are in too.

    If they alone own one, raise ValidationError or, `deserting`, leave it without an owner, as the console shows.
    """
    lists = TodoList.objects.select_for_update(no_key=True).filter(memberships__user=person).order_by("pk")
    held = list(lists.values_list("pk", flat=True))
    theirs = list(Membership.objects.of(person).filter(list__in=held))
    if not deserting:
        refuse_to_desert(theirs)
    shared = set(Membership.objects.filter(list__in=held).exclude(user=person).values_list("list", flat=True))
    now = timezone.now()
    record(
        [
            Activity(list_id=row.list_id, verb=Verb.MEMBER_LEFT, changes={"role": [row.role, None]}, created_at=now)
            for row in theirs
            if row.list_id in shared
        ]
    )
    Membership.objects.of(person).filter(list__in=shared).delete()


def own_lists(person_id: int, *, limit: int) -> Deleted:
    """Delete rows of a list that only the person has."""
    membership = Membership.objects.filter(user=person_id).order_by("pk").first()
    if membership is None:
        return {}
    todo_list = TodoList.objects.select_for_update().get(pk=membership.list_id)
    if todo_list.memberships.exclude(pk=membership.pk).exists():
        # An operator has just shared it: it stays, and the console shows it among those without an owner.
        return membership.delete()[1]
    return empty(todo_list, limit=limit)


def history_naming(person_id: int) -> list[int]:
    """Return the ids of activities whose changes hold the person's name."""
    named = models.Q(changes__user__0=person_id) | models.Q(changes__user__1=person_id)
    return list(Activity.objects.filter(named, verb__in=_NAMING).order_by("pk").values_list("pk", flat=True))


def take_names(pks: Sequence[int]) -> None:
    rows = list(Activity.objects.filter(pk__in=pks))
    for row in rows:
        row.changes = {**row.changes, "member": [None, None], "user": [None, None]}
    Activity.objects.bulk_update(rows, ["changes"])
