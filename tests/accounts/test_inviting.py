"""Invitations: what they are at rest, who makes them, what accepting does, and when they no longer work."""

from datetime import timedelta

import pytest
from django.contrib.auth import SESSION_KEY
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from accounts import inviting, mail, purging
from accounts.models import AuditEvent, AuditKind, Invitation, InvitationState, InvitationUse, User
from accounts.models.invitation import digest_of
from accounts.workflows import prune_invitations
from tests.accounts.conftest import first_link
from tests.at_once import at_once, during
from tests.conftest import PASSWORD
from todos.inviting import place_in
from todos.models import Role, TodoList
from workflows import codec, engine
from workflows.models import Message, Run
from workflows.testing import run_until_idle

DORA = {"name": "Dora", "email": "dora@example.com", "password": PASSWORD}


@pytest.fixture
def link(staff) -> str:
    """The path of an invitation for one person, to nothing in particular."""
    return path_of(inviting.make_link(by=staff))


def path_of(invitation: Invitation) -> str:
    return invitation.link.removeprefix("http://localhost:8000")


def mailed_path(delivered) -> str:
    return first_link(delivered()[-1].body.split("password here:")[1]).removeprefix("http://localhost:8000")


def place(todo_list: TodoList, role: str = Role.EDITOR) -> dict:
    return place_in(todo_list, role=role)


def signed_in_as(client: Client) -> str | None:
    return client.session.get(SESSION_KEY)


# --- At rest ---------------------------------------------------------------------------------------------------------


def test_the_token_is_long_and_only_its_digest_is_stored(staff, link):
    token = link.rstrip("/").rpartition("/")[2]
    assert len(token) == 43  # 256 bits
    [row] = Invitation.objects.values()
    assert row["digest"] == digest_of(token)
    assert token not in str(row)
    assert token not in str(list(AuditEvent.objects.values()))
    assert inviting.make_link(by=staff).link.rstrip("/").rpartition("/")[2] != token


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_uses": 0, "uses_left": 0},
        {"max_uses": 101, "uses_left": 101},
        {"uses_left": 2},
        {"email": "Dora@example.com"},
        {"email": "dora@example.com", "max_uses": 2},
        {"expires_at": timezone.now() - timedelta(days=1)},
    ],
)
def test_the_database_refuses_nonsense(staff, wrong):
    values = {"digest": "x", "made_by": staff, "uses_left": 1, "expires_at": timezone.now() + timedelta(days=1)}
    with pytest.raises(IntegrityError), transaction.atomic():
        Invitation.objects.create(**values | wrong)


def test_each_state_is_found_by_its_name(staff, make_user):
    banned = make_user("Olga", is_staff=True)
    rows = {state: inviting.make_link(by=staff) for state in InvitationState}
    inviting.revoke(rows["revoked"], by=staff)
    inviting.accept_as_new(rows["used_up"], **DORA)
    past = timezone.now() - timedelta(days=1)
    Invitation.objects.filter(pk=rows["expired"].pk).update(made_at=past - timedelta(days=1), expires_at=past)
    Invitation.objects.filter(pk=rows["lapsed"].pk).update(made_by=banned)
    banned.ban()
    for state in InvitationState:
        [found] = Invitation.objects.in_state(state)
        assert found.pk == rows[state].pk
        assert found.state == state


# --- Accepting -------------------------------------------------------------------------------------------------------


def test_one_page_makes_the_account_and_signs_in(client, link, staff, delivered):
    assert client.get(link).status_code == 200
    response = client.post(link, DORA, follow=True)
    assert [url for url, _status in response.redirect_chain] == [link, "/lists/"]
    dora = User.objects.get(email="dora@example.com")
    assert signed_in_as(client) == str(dora.pk)
    assert (dora.name, dora.time_zone, dora.is_staff) == ("Dora", "UTC", False)
    assert dora.check_password(PASSWORD)
    assert [(a.email, a.verified, a.primary) for a in dora.emailaddress_set.all()] == [("dora@example.com", True, True)]
    assert client.session.get_expire_at_browser_close()
    assert codec.decode(Run.objects.get(pk=f"onboarding-{dora.pk}").input)["send_link"] is False
    assert delivered() == []
    use = InvitationUse.objects.get()
    assert (use.person, use.invitation.made_by, use.invitation.uses_left) == (dora, staff, 0)
    kinds = list(AuditEvent.objects.order_by("pk").values_list("kind", "actor", "person"))
    assert kinds[:1] == [(AuditKind.INVITED, staff.pk, None)]
    assert (AuditKind.INVITATION_ACCEPTED, dora.pk, dora.pk) in kinds
    assert Client().post("/accounts/login/", {"login": dora.email, "password": PASSWORD}).url == "/lists/"


def test_the_session_is_a_new_one(client, link):
    client.cookies["theme"] = "dark"
    session = client.session
    session["planted"] = "by an attacker"
    session.save()
    before = session.session_key
    client.cookies["sessionid"] = before
    client.post(link, DORA)
    assert client.session.session_key != before
    assert not Client(headers={"cookie": f"sessionid={before}"}).session.get(SESSION_KEY)


def test_a_mailed_invitation_says_who_and_to_what(flat, alice, client, delivered):
    inviting.invite(" Dora@Example.com", by=alice, lasts=timedelta(days=30), grant=place(flat, Role.READER))
    [sent] = delivered()
    assert sent.to == ["dora@example.com"]
    assert sent.subject == "Alice invites you to Holdfast"
    assert "Alice (alice@example.com) invites you" in sent.body
    assert "- the list “Flat renovation” (Reader)" in sent.body
    assert "http://localhost:8000/accounts/invitations/" in sent.body
    until = Invitation.objects.get().expires_at
    assert f"until {until.day} {until:%b %Y}" in sent.body
    path = mailed_path(delivered)
    page = client.get(path)
    assert "dora@example.com" in page.content.decode()
    assert client.post(path, DORA, follow=True).redirect_chain[-1][0] == flat.get_absolute_url()
    assert flat.memberships.get(user__email="dora@example.com").role == Role.READER


def test_a_bound_address_cannot_be_changed(alice, client, delivered):
    inviting.invite("dora@example.com", by=alice)
    client.post(mailed_path(delivered), DORA | {"email": "eve@example.com"})
    assert User.objects.filter(email="dora@example.com").exists()
    assert not User.objects.filter(email="eve@example.com").exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "\u200b"),
        ("name", "a\x00b"),
        ("email", ""),
        ("email", "nonsense"),
        ("email", "a\x00@example.com"),
        ("password", ""),
        ("password", "short"),
        ("password", "password123"),
        ("password", "dora@example.com"),
    ],
)
def test_what_is_not_valid_is_shown_again(client, link, field, value):
    response = client.post(link, DORA | {field: value})
    assert response.status_code == 422
    assert response.context["form"].errors[field]
    assert PASSWORD not in response.content.decode()
    assert Invitation.objects.get().uses_left == 1
    assert User.objects.count() == 1


def test_a_forged_request_is_refused(link):
    client = Client(enforce_csrf_checks=True)
    client.get(link)
    assert client.post(link, DORA).status_code == 403
    assert User.objects.count() == 1


def test_looking_uses_nothing_up(client, link):
    for _time in range(3):
        assert client.get(link).status_code == 200
        assert client.head(link).status_code == 200
    assert Invitation.objects.get().uses_left == 1


def test_pages_with_a_token_are_kept_nowhere(client, link):
    for response in (client.get(link), client.post(link, {}), client.get(f"{link[:-5]}/")):
        assert "no-store" in response["Cache-Control"]
        assert response["Referrer-Policy"] == "strict-origin"


# --- Links that do not work ------------------------------------------------------------------------------------------


def over(client: Client, path: str, *, status: int, ask: str = "Ask Sten for a new one.") -> None:
    people = User.objects.count()
    for response in (client.get(path), client.post(path, DORA | {"email": "eve@example.com"})):
        assert response.status_code == status
        assert ask in response.content.decode()
    assert User.objects.count() == people


def test_used_twice(client, link):
    client.post(link, DORA)
    over(Client(), link, status=410)


def test_expired(client, link):
    past = timezone.now() - timedelta(seconds=1)
    Invitation.objects.update(made_at=past - timedelta(days=7), expires_at=past)
    over(client, link, status=410)


def test_revoked(client, link, staff):
    assert inviting.revoke(Invitation.objects.get(), by=staff)
    assert not inviting.revoke(Invitation.objects.get(), by=staff)
    over(client, link, status=410)
    assert AuditEvent.objects.filter(kind=AuditKind.INVITATION_REVOKED, actor=staff).count() == 1


@pytest.mark.parametrize("token", ["x", "A" * 43, "%00", "%F0%9F%8C%8A"])
def test_unknown(client, link, token):
    over(client, f"/accounts/invitations/{token}/", status=404, ask="Ask who gave it to you for a new one.")


def test_who_is_shut_out_invites_nobody(client, alice):
    path = path_of(inviting.make_link(by=alice))
    alice.ban(until=timezone.now() + timedelta(days=1))
    over(client, path, status=410, ask="Ask who gave it to you")
    alice.unban()
    assert client.get(path).status_code == 200
    alice.delete()
    over(client, path, status=410, ask="Ask who gave it to you")


# --- Who has an account already --------------------------------------------------------------------------------------


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
    assert "accepted an invitation of Sten with your address" in sent.body


def test_an_address_that_somebody_has_beside_is_not_taken(link, alice, client):
    alice.emailaddress_set.create(email="dora@example.com", verified=True)
    client.post(link, DORA)
    assert not User.objects.filter(email="dora@example.com").exists()
    assert signed_in_as(client) is None


def test_a_mailed_invitation_to_a_member_leads_to_the_sign_in(flat, alice, mallory, client, sign_in, delivered):
    inviting.invite("mallory@example.com", by=alice, grant=place(flat))
    path = mailed_path(delivered)
    page = client.get(path).content.decode()
    assert "There is an account for mallory@example.com already" in page
    assert f"/accounts/login/?next={path}" in page
    response = client.post("/accounts/login/", {"login": mallory.email, "password": PASSWORD, "next": path})
    assert response.url == path
    assert client.post(path).url == flat.get_absolute_url()


def test_a_member_gets_the_grant_with_one_button(flat, alice, mallory, sign_in):
    path = path_of(inviting.make_link(by=alice, uses=2, grant=place(flat)))
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
    assert inviting.accept_as_member(Invitation.objects.get(), person=mallory).url == ""
    assert Invitation.objects.get().uses_left == 1


def test_who_is_in_the_list_already_uses_nothing_up(flat, alice, carol, sign_in):
    path = path_of(inviting.make_link(by=alice, grant=place(flat)))
    for person in (alice, carol):
        assert sign_in(person).post(path).url == flat.get_absolute_url()
    assert Invitation.objects.get().uses_left == 1
    assert flat.memberships.get(user=carol).role == Role.READER


def test_a_member_cannot_take_what_is_for_another_address(flat, alice, mallory, sign_in, delivered):
    inviting.invite("dora@example.com", by=alice, grant=place(flat))
    path, client = mailed_path(delivered), sign_in(mallory)
    assert "for another address" in client.get(path).content.decode()
    assert client.post(path, DORA).status_code == 403
    mallory.emailaddress_set.create(email="dora@example.com", verified=False)
    assert client.post(path).status_code == 403
    assert not flat.memberships.filter(user=mallory).exists()


def test_an_invitation_to_nothing_has_no_button_for_members(link, alice, sign_in):
    client = sign_in(alice)
    assert "You have one." in client.get(link).content.decode()
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
    path = path_of(inviting.make_link(by=alice, grant=place(flat)))
    pk = flat.pk
    gone(flat, alice, bob)
    assert client.get(path).status_code == 200
    page = client.post(path, DORA, follow=True)
    assert page.redirect_chain[-1][0] == "/lists/"
    assert "no longer for Alice to give" in page.content.decode()
    assert not User.objects.get(email="dora@example.com").memberships.filter(list=pk).exists()


def test_a_member_uses_nothing_up_where_nothing_can_be_granted(flat, alice, bob, mallory, sign_in):
    path = path_of(inviting.make_link(by=alice, grant=place(flat)))
    demote(flat, alice, bob)
    assert "no longer for Alice to give" in sign_in(mallory).post(path, follow=True).content.decode()
    assert Invitation.objects.get().uses_left == 1


def test_what_a_missing_app_granted_is_left_out(staff, client):
    path = path_of(inviting.make_link(by=staff, grant={"uninstalled": {"x": 1}}))
    assert client.get(path).status_code == 200
    assert client.post(path, DORA).status_code == 302


def test_account_and_grant_come_together_or_not_at_all(flat, alice, client, monkeypatch):
    path = path_of(inviting.make_link(by=alice, grant=place(flat)))
    monkeypatch.setattr(TodoList, "add_member", lambda *_args, **_more: 1 / 0)
    client.raise_request_exception = False
    assert client.post(path, DORA).status_code == 500
    assert not User.objects.filter(email="dora@example.com").exists()
    assert Invitation.objects.get().uses_left == 1


# --- Sent again ------------------------------------------------------------------------------------------------------


def test_sent_again_the_old_link_stops_working(alice, client, delivered):
    invitation = inviting.invite("dora@example.com", by=alice, lasts=timedelta(days=1))
    old = mailed_path(delivered)
    assert inviting.renew(invitation, by=alice)
    new = mailed_path(delivered)
    assert client.get(old).status_code == 404
    assert client.get(new).status_code == 200
    assert invitation.link == ""
    assert Invitation.objects.get().expires_at > timezone.now() + timedelta(days=6)


def test_sending_again_reopens_what_expired_but_not_what_is_over(alice, client, delivered):
    invitation = inviting.invite("dora@example.com", by=alice)
    past = timezone.now() - timedelta(days=1)
    Invitation.objects.update(made_at=past - timedelta(days=7), expires_at=past)
    assert inviting.renew(invitation, by=alice)
    client.post(mailed_path(delivered), DORA)
    assert not inviting.renew(invitation, by=alice)
    revoked = inviting.make_link(by=alice)
    inviting.revoke(revoked, by=alice)
    assert not inviting.renew(revoked, by=alice)


def test_making_joins_the_transaction_of_its_caller(alice):
    with transaction.atomic():
        inviting.invite("dora@example.com", by=alice)
        transaction.set_rollback(True)
    assert not Invitation.objects.exists()
    assert not Message.objects.filter(queue=mail.QUEUE).exists()


# --- The end ---------------------------------------------------------------------------------------------------------


def test_what_is_over_is_pruned_after_ninety_days(staff):
    long_ago = timezone.now() - timedelta(days=91)
    rows = {name: inviting.make_link(by=staff) for name in ("open", "expired", "revoked", "used", "fresh", "just used")}
    made = {"made_at": long_ago - timedelta(days=1)}
    Invitation.objects.filter(pk=rows["expired"].pk).update(**made, expires_at=long_ago)
    Invitation.objects.filter(pk=rows["revoked"].pk).update(revoked_at=long_ago)
    Invitation.objects.filter(pk=rows["fresh"].pk).update(**made, expires_at=timezone.now() - timedelta(days=89))
    for name in ("used", "just used"):
        inviting.accept_as_new(rows[name], **DORA | {"email": f"{name.replace(' ', '-')}@example.com"})
    InvitationUse.objects.filter(invitation=rows["used"]).update(used_at=long_ago)
    engine.start(prune_invitations, {}, id="prune")
    run_until_idle()
    assert Run.objects.get(pk="prune").output == "3"
    assert set(Invitation.objects.all()) == {rows["open"], rows["fresh"], rows["just used"]}


def test_a_person_with_invitations_can_be_deleted(alice, staff, bob):
    invitation = inviting.make_link(by=alice, uses=2)
    used = inviting.accept_as_new(invitation, **DORA).person
    inviting.revoke(invitation, by=bob)
    for person in (used, alice, bob):
        person.delete()
    invitation.refresh_from_db()
    assert (invitation.made_by, invitation.revoked_by, invitation.uses.get().person) == (None, None, None)
    assert str(invitation.uses.get()) == "somebody who is gone"


def test_a_purged_person_is_named_by_no_invitation(alice, staff, second, delivered):
    inviting.accept_as_new(inviting.invite("dora@example.com", by=alice), **DORA)
    others = inviting.invite("eve@example.com", by=User.objects.get(email="dora@example.com"))
    purging.ask(others.made_by, by=staff, reason="left").decide(approve=True, by=second)
    delivered()
    assert not User.objects.filter(email="dora@example.com").exists()
    assert list(Invitation.objects.values_list("email", "made_by")) == [("eve@example.com", None)]


# --- At once ---------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_eight_race_for_the_last_use(flat, alice):
    path = path_of(inviting.make_link(by=alice, uses=2, grant=place(flat)))
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
    paths = [path_of(inviting.make_link(by=staff)) for _time in range(4)]
    answers = at_once(*(lambda path=path: Client().post(path, DORA).status_code for path in paths))
    assert answers == [302] * 4
    assert User.objects.filter(email="dora@example.com").count() == 1
    assert Invitation.objects.open().count() == 3


@pytest.mark.django_db(transaction=True)
def test_a_member_who_clicks_twice_uses_one(flat, alice, mallory):
    invitation = inviting.make_link(by=alice, uses=5, grant=place(flat))
    copies = [Invitation.objects.get(pk=invitation.pk) for _copy in range(4)]
    at_once(*(lambda row=row: inviting.accept_as_member(row, person=mallory) for row in copies))
    invitation.refresh_from_db()
    assert invitation.uses_left == 4


@pytest.mark.django_db(transaction=True)
def test_revoking_and_accepting_at_once_is_one_of_both(flat, alice):
    for number in range(3):
        made = inviting.make_link(by=alice, grant=place(flat))
        copy = Invitation.objects.get(pk=made.pk)
        path = path_of(made)
        fields = DORA | {"email": f"racer{number}@example.com"}
        revoked, status = at_once(
            lambda copy=copy: inviting.revoke(copy, by=alice),
            lambda path=path, fields=fields: Client().post(path, fields).status_code,
        )
        assert (revoked, status) in {(True, 410), (False, 302)}


@pytest.mark.django_db(transaction=True)
def test_an_old_link_loses_against_a_new_one_that_is_being_made(alice, client):
    made = inviting.make_link(by=alice)
    old = path_of(made)
    assert during(lambda: inviting.renew(made, by=alice), lambda: client.post(old, DORA).status_code) == 410
    assert Invitation.objects.get().uses_left == 1
