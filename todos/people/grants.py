"""What an invitation grants here: a place in a list."""

from collections.abc import Iterable, Sequence

from django.utils.translation import gettext as _

from accounts.extensions import Data, Granted
from accounts.models import Invitation, User
from accounts.models.invitation import InvitationQuerySet
from todos.models import Membership, Role, TodoList
from todos.refusals import Gone, ListInTheTrash

NAME = "todos"


def place_in(todo_list: TodoList, *, role: str) -> Data:
    return {NAME: {"list": todo_list.pk, "role": role}}


def invitations_to(list_pk: int) -> InvitationQuerySet:
    return Invitation.objects.filter(grant__todos__list=list_pk)


def describe_roles(invitations: Iterable[Invitation]) -> list[Invitation]:
    """Note in `grants` the role alone, for a page of the list."""
    rows = list(invitations)
    for row in rows:
        row.grants = [str(Role(row.grant[NAME]["role"]).label)]
    return rows


def describe(many: Sequence[Data]) -> list[str]:
    lists = TodoList.objects.in_bulk({data["list"] for data in many})
    return [_describe(lists.get(data["list"]), data["role"]) for data in many]


def grant(data: Data, *, person: User, by: User | None) -> Granted | None:
    """Let the person into the list, if the inviter owns it at this moment. A member keeps their role."""
    todo_list = TodoList(pk=data["list"])
    try:
        todo_list.lock_live()
    except (Gone, ListInTheTrash):
        return None
    if by is None or not Membership.objects.owners().of(by).filter(list=todo_list).exists():
        return None
    added = todo_list.add_member(person, role=data["role"], by=by, tell=False)
    return Granted(todo_list.get_absolute_url(), changed=added)


def _describe(todo_list: TodoList | None, role: str) -> str:
    if todo_list is None:
        return _("a list that no longer exists")
    return _("the list “%(name)s” (%(role)s)") % {"name": todo_list.name, "role": Role(role).label}
