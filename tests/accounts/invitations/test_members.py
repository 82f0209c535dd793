"""Invitations for who has an account already, and what can still be granted."""

import pytest
from django.test import Client

from accounts import invitations
from accounts.models import Invitation, User
from tests.accounts.invitations.making import DORA, mailed_path, path_of, place, signed_in_as
from tests.conftest import PASSWORD
from todos.models import Role, TodoList

pytestmark = pytest.mark.database


def test_a_link_does_not_tell_whether_an_address_has_an_account(link, alice, delivered):
    known, unknown = Client(), Client()
    first = known.post(link, DORA | {"email": " ALICE@example.com"})
    assert Invitation.objects.get().uses_left == 1
    second = unknown.post(link, DORA)
    assert (first.status_code, first["Location"]) == (second.status_code, second["Location"]) == (302, link)
    assert signed_in_as(known) is None
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)
    assert alice.name == "Alice"
    [sent] = delivered()
    assert sent.to == ["alice@example.com"]
    assert "used your address to accept an invitation from Sten" in sent.body


def test_an_address_that_somebody_has_beside_is_not_taken(link, alice, client):
    alice.emailaddress_set.create(email="dora@example.com", verified=True)
    client.post(link, DORA)
    assert not User.objects.filter(email="dora@example.com").exists()
    assert signed_in_as(client) is None


def test_a_mailed_invitation_to_a_member_leads_to_the_sign_in(flat, alice, mallory, client, sign_in, delivered):
    invitations.invite("mallory@example.com", by=alice, grant=place(flat))
    path = mailed_path(delivered)
    page = client.get(path).content.decode()
    assert "There is already an account for mallory@example.com" in page
    assert f"/accounts/login/?next={path}" in page
    response = client.post("/accounts/login/", {"login": mallory.email, "password": PASSWORD, "next": path})
    assert response.url == path
    assert client.post(path).url == flat.get_absolute_url()


def test_a_member_gets_the_grant_with_one_button(flat, alice, mallory, sign_in):
    path = path_of(invitations.make_link(by=alice, uses=2, grant=place(flat)))
    client = sign_in(mallory)
    page = client.get(path).content.decode()
    assert "the list “Flat renovation” (Editor)" in page
    assert 'name="password"' not in page
    assert client.post(path).url == flat.get_absolute_url()
    assert flat.memberships.get(user=mallory).role == Role.EDITOR
    assert Invitation.objects.get().uses_left == 1
    assert client.post(path).url == "/lists/"
    flat.memberships.get(user=mallory).remove(by=alice)
    client.post(path)
    assert not flat.memberships.filter(user=mallory).exists()
    assert invitations.accept_as_member(Invitation.objects.get(), person=mallory).url == ""
    assert Invitation.objects.get().uses_left == 1


def test_who_is_in_the_list_already_uses_nothing_up(flat, alice, carol, sign_in):
    path = path_of(invitations.make_link(by=alice, grant=place(flat)))
    for person in (alice, carol):
        assert sign_in(person).post(path).url == flat.get_absolute_url()
    assert Invitation.objects.get().uses_left == 1
    assert flat.memberships.get(user=carol).role == Role.READER


def test_a_member_cannot_take_what_is_for_another_address(flat, alice, mallory, sign_in, delivered):
    invitations.invite("dora@example.com", by=alice, grant=place(flat))
    path, client = mailed_path(delivered), sign_in(mallory)
    assert "for another address" in client.get(path).content.decode()
    assert client.post(path, DORA).status_code == 403
    mallory.emailaddress_set.create(email="dora@example.com", verified=False)
    assert client.post(path).status_code == 403
    assert not flat.memberships.filter(user=mallory).exists()


def test_an_invitation_to_nothing_has_no_button_for_members(link, alice, sign_in):
    client = sign_in(alice)
    assert "You already have one." in client.get(link).content.decode()
    assert client.post(link).url == "/lists/"
    assert Invitation.objects.get().uses_left == 1


# --- What is granted -------------------------------------------------------------------------------------------------


def demote(flat, alice, bob):
    flat.memberships.get(user=bob).change_role(Role.OWNER, by=alice)
    flat.memberships.get(user=alice).change_role(Role.EDITOR, by=bob)


def trash(flat, alice, bob):
    flat.trash(by=alice)


def delete(flat, alice, bob):
    flat.delete()


@pytest.mark.parametrize("gone", [demote, trash, delete])
def test_what_cannot_be_granted_any_more_is_left_out_and_said(flat, alice, bob, client, gone):
    path = path_of(invitations.make_link(by=alice, grant=place(flat)))
    pk = flat.pk
    gone(flat, alice, bob)
    assert client.get(path).status_code == 200
    page = client.post(path, DORA, follow=True)
    assert page.redirect_chain[-1][0] == "/lists/"
    assert "can no longer share. Ask them" in page.content.decode()
    assert not User.objects.get(email="dora@example.com").memberships.filter(list=pk).exists()


def test_a_member_uses_nothing_up_where_nothing_can_be_granted(flat, alice, bob, mallory, sign_in):
    path = path_of(invitations.make_link(by=alice, grant=place(flat)))
    demote(flat, alice, bob)
    assert "can no longer share. Ask them" in sign_in(mallory).post(path, follow=True).content.decode()
    assert Invitation.objects.get().uses_left == 1


def test_what_a_missing_app_granted_is_left_out(staff, client):
    path = path_of(invitations.make_link(by=staff, grant={"uninstalled": {"x": 1}}))
    assert client.get(path).status_code == 200
    assert client.post(path, DORA).status_code == 302


def test_account_and_grant_come_together_or_not_at_all(flat, alice, client, monkeypatch):
    path = path_of(invitations.make_link(by=alice, grant=place(flat)))
    monkeypatch.setattr(TodoList, "add_member", lambda *_args, **_more: 1 / 0)
    client.raise_request_exception = False
    assert client.post(path, DORA).status_code == 500
    assert not User.objects.filter(email="dora@example.com").exists()
    assert Invitation.objects.get().uses_left == 1
