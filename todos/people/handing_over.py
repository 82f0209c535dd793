"""Handing over the lists of a person who deletes their account."""

from django.db.models import QuerySet
from django.urls import reverse

from accounts.extensions import Shared
from accounts.models import User
from todos.models import Membership, Role
from todos.people import grants, purging


def shared(person: User) -> list[Shared]:
    """Return the lists in the trash or not that others are members of, and only this person owns."""
    owned = Membership.objects.of(person).owners().select_related("list").order_by("list__name", "list")
    others = Membership.objects.filter(list__in=owned.values("list")).exclude(user=person).select_related("user")
    by_list: dict[int, list[Membership]] = {}
    for membership in others.for_members_page():
        by_list.setdefault(membership.list_id, []).append(membership)
    return [
        Shared(
            extension=grants.NAME,
            key=row.list_id,
            label=row.list.name,
            url=reverse("admin:todos_todolist_change", args=[row.list_id]),
            heirs=[other.user for other in by_list[row.list_id] if other.user.may_sign_in()],
        )
        for row in owned
        if row.list_id in by_list and not any(other.is_owner for other in by_list[row.list_id])
    ]


def hand_over(person: User, heirs: dict[int, int]) -> None:
    """Make the heirs owners, as far as they are still members, and take the person out of all shared lists."""
    for membership in _of_heirs(person, heirs):
        if heirs[membership.list_id] == membership.user_id:
            membership.change_role(Role.OWNER, by=person)
    purging.leave(person, deserting=True)


def _of_heirs(person: User, heirs: dict[int, int]) -> QuerySet[Membership]:
    theirs = Membership.objects.of(person).owners().values("list")
    found = Membership.objects.filter(list__in=list(heirs), user__in=list(heirs.values())).filter(list__in=theirs)
    return found.select_related("list", "user").order_by("list")  # whose rows are locked in this order everywhere
