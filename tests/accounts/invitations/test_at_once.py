"""Many who accept, renew and revoke at once."""

import pytest
from django.test import Client

from accounts import invitations
from accounts.models import Invitation, User
from tests.accounts.invitations.making import DORA, path_of, place
from tests.at_once import at_once, during

pytestmark = pytest.mark.database


@pytest.mark.django_db(transaction=True)
def test_eight_race_for_the_last_use(flat, alice):
    path = path_of(invitations.make_link(by=alice, uses=2, grant=place(flat)))
    assert Client().post(path, DORA).status_code == 302

    def accept(number: int) -> int:
        return Client().post(path, DORA | {"email": f"racer{number}@example.com"}).status_code

    answers = at_once(*(lambda number=number: accept(number) for number in range(8)))
    assert sorted(answers) == [302, *[410] * 7]
    assert User.objects.filter(email__startswith="racer").count() == 1
    assert flat.memberships.filter(user__email__startswith="racer").count() == 1
    invitation = Invitation.objects.get()
    assert (invitation.uses_left, invitation.uses.count()) == (0, 2)


@pytest.mark.django_db(transaction=True)
def test_one_address_at_once_by_many_links_is_one_account(staff):
    paths = [path_of(invitations.make_link(by=staff)) for _time in range(4)]
    answers = at_once(*(lambda path=path: Client().post(path, DORA).status_code for path in paths))
    assert answers == [302] * 4
    assert User.objects.filter(email="dora@example.com").count() == 1
    assert Invitation.objects.open().count() == 3


@pytest.mark.django_db(transaction=True)
def test_a_member_who_clicks_twice_uses_one(flat, alice, mallory):
    invitation = invitations.make_link(by=alice, uses=5, grant=place(flat))
    copies = [Invitation.objects.get(pk=invitation.pk) for _copy in range(4)]
    at_once(*(lambda row=row: invitations.accept_as_member(row, person=mallory) for row in copies))
    invitation.refresh_from_db()
    assert invitation.uses_left == 4


@pytest.mark.django_db(transaction=True)
def test_revoking_and_accepting_at_once_is_one_of_both(flat, alice):
    for number in range(3):
        made = invitations.make_link(by=alice, grant=place(flat))
        copy = Invitation.objects.get(pk=made.pk)
        path = path_of(made)
        fields = DORA | {"email": f"racer{number}@example.com"}
        revoked, status = at_once(
            lambda copy=copy: invitations.revoke(copy, by=alice),
            lambda path=path, fields=fields: Client().post(path, fields).status_code,
        )
        assert (revoked, status) in {(True, 410), (False, 302)}


@pytest.mark.django_db(transaction=True)
def test_an_old_link_loses_against_a_new_one_that_is_being_made(alice, client):
    made = invitations.make_link(by=alice)
    old = path_of(made)
    assert during(lambda: invitations.renew(made, by=alice), lambda: client.post(old, DORA).status_code) == 410
    assert Invitation.objects.get().uses_left == 1
