"""The members page invites: by mail where nobody has the address, or by a link; owners only."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import invitations
from accounts.models import Invitation
from tests.at_once import during
from todos.models import Role, TodoList
from todos.people.grants import place_in
from workflows.models import Message

pytestmark = pytest.mark.database

LINK = {"role": "editor", "uses": "5", "days": "30"}
DORA = {"email": "dora@example.com", "role": "reader"}


@pytest.fixture
def url(flat) -> str:
    return f"{flat.get_absolute_url()}members/"


@pytest.fixture
def made(flat, alice) -> Invitation:
    return invitations.make_link(by=alice, grant=place_in(flat, role=Role.EDITOR))


def paths(flat, made: Invitation) -> list[str]:
    base = f"{flat.get_absolute_url()}invitations/"
    return [base, f"{base}{made.pk}/renew/", f"{base}{made.pk}/revoke/"]


def test_who_has_no_account_can_be_invited_by_the_same_form(flat, alice, url, sign_in):
    client = sign_in(alice)
    page = client.post(url, DORA)
    assert page.status_code == 422
    assert "Nobody with this address has an account here." in page.content.decode()
    assert "Invite by email" in page.content.decode()
    assert page.context["form"]["days"].value() == 7
    assert not Invitation.objects.exists()
    page = client.post(url, DORA | {"invite": "yes", "days": "1"}, follow=True)
    assert "An invitation is on its way to dora@example.com." in page.content.decode()
    made = Invitation.objects.get()
    assert (made.email, made.made_by, made.max_uses) == ("dora@example.com", alice, 1)
    assert made.grant == place_in(flat, role="reader")
    assert made.expires_at - made.made_at == timedelta(days=1)
    assert Message.objects.pending().count() == 1
    assert "dora@example.com" in page.content.decode()


def test_without_a_choice_it_lasts_a_week(alice, url, sign_in):
    sign_in(alice).post(url, DORA | {"invite": "yes"})
    made = Invitation.objects.get()
    assert made.expires_at - made.made_at == timedelta(days=7)


def test_who_has_an_account_is_added_also_by_the_button_that_invites(flat, alice, mallory, url, sign_in):
    sign_in(alice).post(url, {"email": mallory.email, "role": "reader", "invite": "yes"})
    assert flat.memberships.get(user=mallory).role == Role.READER
    assert not Invitation.objects.exists()


def test_a_person_who_is_shut_out_looks_like_nobody(alice, mallory, url, sign_in, mailoutbox):
    mallory.ban()
    client = sign_in(alice)
    values = {"email": mallory.email, "role": "reader"}
    assert "Nobody with this address" in client.post(url, values).content.decode()
    page = client.post(url, values | {"invite": "yes"}, follow=True).content.decode()
    assert "An invitation is on its way to mallory@example.com." in page
    assert not Message.objects.pending().exists()


@pytest.mark.parametrize("wrong", [{"days": "9999"}, {"days": "x"}, {"role": "king"}, {"email": "x"}])
def test_nonsense_invites_nobody(alice, url, sign_in, wrong):
    assert sign_in(alice).post(url, DORA | {"invite": "yes"} | wrong).status_code == 422
    assert not Invitation.objects.exists()


def test_a_link_is_shown_once(flat, alice, url, sign_in):
    client = sign_in(alice)
    page = client.post(paths(flat, Invitation(pk=1))[0], LINK)
    made = Invitation.objects.get()
    assert page.status_code == 200
    assert "no-store" in page["Cache-Control"]
    assert "http://localhost:8000/accounts/invitations/" in page.content.decode()
    assert "shown only once" in page.content.decode()
    assert (made.email, made.max_uses, made.uses_left) == ("", 5, 5)
    assert made.expires_at - made.made_at == timedelta(days=30)
    later = client.get(url).content.decode()
    assert "/accounts/invitations/" not in later
    assert made.digest not in later
    assert "Link, used by 0 of 5" in later
    assert not Message.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [{"uses": "0"}, {"uses": "101"}, {"uses": ""}, {"uses": "9" * 30}, {"days": "2"}, {"days": ""}, {"role": ""}],
)
def test_a_link_is_not_made_with_bad_values(flat, alice, sign_in, wrong):
    page = sign_in(alice).post(paths(flat, Invitation(pk=1))[0], LINK | wrong)
    assert page.status_code == 422
    assert page.context["link_form"].errors
    assert not Invitation.objects.exists()


def test_open_invitations_are_listed_with_what_owners_need(flat, alice, made, url, sign_in):
    for _time in range(2):
        invitations.make_link(by=alice, grant=place_in(TodoList.create("Other", by=alice), role=Role.READER))
    invitations.revoke(invitations.make_link(by=alice, grant=place_in(flat, role=Role.READER)), by=alice)
    page = sign_in(alice).get(url)
    assert list(page.context["invitations"]) == [made]
    text = page.content.decode()
    assert "Link, used by 0 of 1" in text
    assert "Editor, invited by Alice, valid until" in text


def test_only_owners_see_them(made, url, bob, carol, sign_in):
    for person in (bob, carol):
        page = sign_in(person).get(url)
        assert "Open invitations" not in page.content.decode()
        assert "Invite with a link" not in page.content.decode()
        assert page.context["invitations"] == []


def test_an_owner_revokes_and_renews(flat, alice, made, client, sign_in):
    _make, renew, revoke = paths(flat, made)
    owner = sign_in(alice)
    page = owner.post(renew)
    assert page.status_code == 200
    assert page.context["made"].link.startswith("http://localhost:8000/accounts/invitations/")
    assert client.get(made.link.removeprefix("http://localhost:8000")).status_code == 404
    assert owner.post(revoke, follow=True).status_code == 200
    assert Invitation.objects.get().state == "revoked"
    assert "This invitation has ended" in owner.post(renew, follow=True).content.decode()
    assert owner.post(revoke).status_code == 302


def test_a_mailed_one_is_sent_again_and_not_shown(flat, alice, sign_in, mailoutbox):
    made = invitations.invite("dora@example.com", by=alice, grant=place_in(flat, role=Role.EDITOR))
    page = sign_in(alice).post(paths(flat, made)[1], follow=True).content.decode()
    assert "A new link is on its way to dora@example.com." in page
    assert "/accounts/invitations/" not in page
    assert Message.objects.pending().count() == 2


def test_another_owner_may_too(flat, alice, bob, made, sign_in):
    flat.memberships.get(user=bob).change_role(Role.OWNER, by=alice)
    assert sign_in(bob).post(paths(flat, made)[2]).status_code == 302
    assert Invitation.objects.get().revoked_by == bob


@pytest.mark.parametrize("number", range(3))
def test_who_may_not(flat, made, bob, carol, mallory, client, sign_in, alice, number):
    path = paths(flat, made)[number]
    for person, status in ((bob, 403), (carol, 403), (mallory, 404)):
        assert sign_in(person).post(path, LINK).status_code == status
    assert client.post(path, LINK)["Location"].startswith("/accounts/login/")
    assert sign_in(alice).get(path).status_code == 405
    assert Invitation.objects.get().is_open
    flat.trash(by=alice)
    assert sign_in(alice).post(path, LINK).status_code == 404


def test_an_invitation_of_another_list_is_not_there(flat, mallory, alice, made, sign_in):
    own = TodoList.create("Mallory's", by=mallory)
    client = sign_in(mallory)
    for path in paths(own, made)[1:]:
        assert client.post(path).status_code == 404
    to_all = invitations.make_link(by=alice)
    for path in paths(flat, to_all)[1:]:
        assert sign_in(alice).post(path).status_code == 404
    assert Invitation.objects.open().count() == 2


def test_editors_and_readers_may_not_invite_by_mail(url, bob, carol, mallory, sign_in):
    for person, status in ((bob, 403), (carol, 403), (mallory, 404)):
        assert sign_in(person).post(url, DORA | {"invite": "yes"}).status_code == status
    assert not Invitation.objects.exists()


def test_the_page_costs_the_same_for_many_invitations(flat, alice, made, url, sign_in):
    client = sign_in(alice)

    def cost() -> int:
        client.get(url)
        with CaptureQueriesContext(connection) as queries:
            client.get(url)
        return len(queries)

    few = cost()
    for number in range(20):
        invitations.invite(f"p{number}@example.com", by=alice, grant=place_in(flat, role=Role.EDITOR))
    assert cost() == few <= 10


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("number", range(3))
def test_who_is_no_owner_any_more_invites_nobody(flat, alice, bob, made, sign_in, number):
    membership = flat.memberships.get(user=bob)
    membership.change_role(Role.OWNER, by=alice)
    client, path = sign_in(bob), paths(flat, made)[number]
    before = list(Invitation.objects.values())
    late = during(lambda: membership.change_role(Role.EDITOR, by=alice), lambda: client.post(path, LINK).status_code)
    assert late == 403
    assert list(Invitation.objects.values()) == before


@pytest.mark.django_db(transaction=True)
def test_accepting_waits_for_a_demotion_and_sees_it(flat, alice, bob, made, client):
    flat.memberships.get(user=bob).change_role(Role.OWNER, by=alice)
    membership = flat.memberships.get(user=alice)
    fields = {"name": "Dora", "email": "dora@example.com", "password": "kelp holds the rock"}
    path = made.link.removeprefix("http://localhost:8000")
    status = during(lambda: membership.change_role(Role.READER, by=bob), lambda: client.post(path, fields).status_code)
    assert status == 302
    assert not flat.memberships.filter(user__email="dora@example.com").exists()
