"""Permission for invitations to a list: owners only."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction
from django.http import Http404

from accounts.models import Invitation, User
from todos.people.grants import invitations_to
from todos.web.access import holding, owned_list


@contextmanager
def held_invitation(user: User, list_pk: int, *, pk: int) -> Iterator[Invitation]:
    """Hold an invitation to a list that the person owns, and the list, in the order in which it is accepted."""
    owned_list(user, list_pk)
    with transaction.atomic():
        found = invitations_to(list_pk).select_for_update().filter(pk=pk).first()
        if found is None:
            raise Http404
        with holding(owned_list, user, list_pk):
            yield found
