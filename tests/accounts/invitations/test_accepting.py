"""What accepting an invitation does, and which links do not work."""

from datetime import timedelta

import pytest
from django.contrib.auth import SESSION_KEY
from django.test import Client
from django.utils import timezone

from accounts import invitations
from accounts.models import AuditEvent, AuditKind, Invitation, InvitationUse, User
from tests.accounts.invitations.making import DORA, mailed_path, path_of, place, signed_in_as
from tests.conftest import PASSWORD
from todos.models import Role
from workflows.core import codec
from workflows.models import Run

pytestmark = pytest.mark.database


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
    invitations.invite(" Dora@Example.com", by=alice, lasts=timedelta(days=30), grant=place(flat, Role.READER))
    [sent] = delivered()
    assert sent.to == ["dora@example.com"]
    assert sent.subject == "Alice has invited you to Holdfast"
    assert "Alice (alice@example.com) has invited you" in sent.body
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
    invitations.invite("dora@example.com", by=alice)
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
    assert invitations.revoke(Invitation.objects.get(), by=staff)
    assert not invitations.revoke(Invitation.objects.get(), by=staff)
    over(client, link, status=410)
    assert AuditEvent.objects.filter(kind=AuditKind.INVITATION_REVOKED, actor=staff).count() == 1


@pytest.mark.parametrize("token", ["x", "A" * 43, "%00", "%F0%9F%8C%8A"])
def test_unknown(client, link, token):
    over(client, f"/accounts/invitations/{token}/", status=404, ask="Ask the person who invited you for a new one.")


def test_who_is_shut_out_invites_nobody(client, alice):
    path = path_of(invitations.make_link(by=alice))
    alice.ban(until=timezone.now() + timedelta(days=1))
    over(client, path, status=410, ask="Ask the person who invited you")
    alice.unban()
    assert client.get(path).status_code == 200
    alice.delete()
    over(client, path, status=410, ask="Ask the person who invited you")
