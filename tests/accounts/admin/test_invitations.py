"""Invitations in the operator console: by permission, with no token anywhere but where it is made."""

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import invitations
from accounts.models import AuditEvent, Invitation
from tests.conftest import PASSWORD
from todos.models import Role
from todos.people.grants import place_in
from workflows.models import Message

INVITATIONS = "/admin/accounts/invitation/"
LINK = {"email": "", "number": "3", "days": "30"}
MAIL = {"email": " Dora@Example.com ", "number": "1", "days": "7"}


@pytest.fixture
def operator(make_user):
    """Return a function that makes staff with these permissions and no others."""

    def make(*codenames: str):
        user = make_user("Petra", is_staff=True)
        user.user_permissions.set(Permission.objects.filter(codename__in=[f"{name}_invitation" for name in codenames]))
        return user

    return make


@pytest.fixture
def to_flat(flat, alice) -> Invitation:
    return invitations.make_link(by=alice, uses=2, grant=place_in(flat, role=Role.OWNER))


def dora(invitation: Invitation) -> None:
    invitations.accept_as_new(invitation, name="Dora", email="dora@example.com", password=PASSWORD)


def test_who_may_invite_makes_a_link_that_is_shown_once(operator, sign_in):
    client = sign_in(operator("add", "view"))
    page = client.post(f"{INVITATIONS}add/", LINK)
    made = Invitation.objects.get()
    assert page.status_code == 200
    assert f"http://localhost:8000{'/accounts/invitations/'}" in page.content.decode()
    assert "no-store" in page["Cache-Control"]
    assert (made.max_uses, made.made_by.name, made.grant, made.email) == (3, "Petra", {}, "")
    assert (made.expires_at - made.made_at).days == 30
    for path in (INVITATIONS, f"{INVITATIONS}{made.pk}/change/", f"{INVITATIONS}{made.pk}/history/", "/admin/"):
        text = client.get(path).content.decode()
        assert "/accounts/invitations/" not in text
        assert made.digest not in text


def test_who_may_invite_sends_a_mail(operator, sign_in):
    page = sign_in(operator("add", "view")).post(f"{INVITATIONS}add/", MAIL, follow=True)
    assert page.status_code == 200
    assert "/accounts/invitations/" not in page.content.decode()
    assert Invitation.objects.get().email == "dora@example.com"
    assert Message.objects.pending().count() == 1


@pytest.mark.parametrize(
    "wrong",
    [
        MAIL | {"number": "2"},
        MAIL | {"email": "x"},
        MAIL | {"email": "staff"},
        LINK | {"number": "0"},
        LINK | {"number": "101"},
        LINK | {"days": "2"},
    ],
)
def test_bad_values_invite_nobody(staff, sign_in, wrong):
    wrong = wrong | {"email": staff.email} if wrong["email"] == "staff" else wrong
    page = sign_in(staff).post(f"{INVITATIONS}add/", wrong)
    assert page.context["errors"]
    assert not Invitation.objects.exists()


def test_it_shows_who_invited_whom_to_what(staff, sign_in, to_flat):
    dora(to_flat)
    client = sign_in(staff)
    for path in (INVITATIONS, f"{INVITATIONS}{to_flat.pk}/change/"):
        text = client.get(path).content.decode()
        for words in ("Alice", "Dora", "the list “Flat renovation” (Owner)", "1 of 2", "open"):
            assert words in text
    assert "Alice" in client.get(INVITATIONS, {"q": "dora"}).content.decode()
    for state, shown in (("open", 1), ("revoked", 0), ("lapsed", 0), ("expired", 0), ("used_up", 0), ("x", 1)):
        assert client.get(INVITATIONS, {"state": state}).context["cl"].result_count == shown
    assert client.get(INVITATIONS, {"digest__startswith": "a"}).status_code == 400


def test_the_list_takes_the_same_queries_for_any_number(staff, sign_in, flat, alice, to_flat):
    client = sign_in(staff)

    def cost() -> int:
        client.get(INVITATIONS)
        with CaptureQueriesContext(connection) as queries:
            client.get(INVITATIONS)
        return len(queries)

    dora(to_flat)
    few = cost()
    for number in range(12):
        made = invitations.make_link(by=alice, uses=2, grant=place_in(flat, role=Role.EDITOR))
        invitations.accept_as_new(made, name=f"N {number}", email=f"n{number}@example.com", password=PASSWORD)
    assert cost() == few <= 12


def test_revoking_and_sending_again(operator, sign_in, alice, to_flat):
    mailed = invitations.invite("eve@example.com", by=alice)
    digest = mailed.digest
    client = sign_in(operator("change", "view"))
    page = client.get(f"{INVITATIONS}{mailed.pk}/change/").content.decode()
    assert f"{INVITATIONS}{mailed.pk}/renew/" in page
    assert client.post(f"{INVITATIONS}{mailed.pk}/renew/").status_code == 302
    mailed.refresh_from_db()
    assert mailed.digest != digest
    for _time in range(2):
        assert client.post(f"{INVITATIONS}{to_flat.pk}/revoke/").status_code == 302
    assert Invitation.objects.get(pk=to_flat.pk).state == "revoked"
    assert AuditEvent.objects.filter(kind="invitation_revoked", actor__name="Petra").count() == 1
    chosen = {"_selected_action": [mailed.pk, to_flat.pk]}
    page = client.post(INVITATIONS, chosen | {"action": "resend_selected"}, follow=True).content.decode()
    assert "1 link is on its way." in page
    assert "1 was skipped" in page
    page = client.post(INVITATIONS, chosen | {"action": "revoke_selected"}, follow=True).content.decode()
    assert "1 invitation no longer works." in page
    assert client.get(f"{INVITATIONS}{mailed.pk}/renew/").status_code == 405
    assert client.get(f"{INVITATIONS}{mailed.pk}/revoke/").status_code == 405


def test_no_operator_gets_a_link_into_somebodys_list(staff, sign_in, to_flat):
    client = sign_in(staff)
    assert "/renew/" not in client.get(f"{INVITATIONS}{to_flat.pk}/change/").content.decode()
    assert client.post(f"{INVITATIONS}{to_flat.pk}/renew/").status_code == 403
    chosen = {"_selected_action": [to_flat.pk], "action": "resend_selected"}
    assert "/accounts/invitations/" not in client.post(INVITATIONS, chosen, follow=True).content.decode()
    assert Invitation.objects.get().digest == to_flat.digest


@pytest.mark.parametrize(
    ("may", "shown"), [(("add", "change", "view"), 200), (("change", "view"), 403), (("view",), 403), ((), 403)]
)
def test_a_new_link_is_for_who_may_invite(operator, sign_in, staff, may, shown):
    made = invitations.make_link(by=staff)
    page = sign_in(operator(*may)).post(f"{INVITATIONS}{made.pk}/renew/")
    assert page.status_code == shown
    assert ("/accounts/invitations/" in page.content.decode()) == (shown == 200)


def test_who_may_only_look_changes_nothing(operator, sign_in, to_flat):
    client = sign_in(operator("view"))
    assert client.get(INVITATIONS).status_code == 200
    page = client.get(f"{INVITATIONS}{to_flat.pk}/change/").content.decode()
    assert "/revoke/" not in page
    for path in ("add/", f"{to_flat.pk}/change/", f"{to_flat.pk}/revoke/", f"{to_flat.pk}/delete/"):
        assert client.post(f"{INVITATIONS}{path}", LINK).status_code == 403
    client.post(INVITATIONS, {"_selected_action": [to_flat.pk], "action": "revoke_selected"})
    assert Invitation.objects.get().is_open


def test_who_may_not_look_sees_nothing(operator, sign_in, alice, to_flat):
    client = sign_in(operator())
    for path in (INVITATIONS, f"{INVITATIONS}{to_flat.pk}/change/", f"{INVITATIONS}add/"):
        assert client.get(path).status_code == 403


def test_nothing_is_changed_or_deleted_by_hand(staff, sign_in, to_flat):
    client, before = sign_in(staff), Invitation.objects.values().get()
    client.post(f"{INVITATIONS}{to_flat.pk}/change/", LINK | {"email": "eve@example.com", "uses_left": "100"})
    assert Invitation.objects.values().get() == before
    assert client.post(f"{INVITATIONS}{to_flat.pk}/delete/", {"post": "yes"}).status_code == 403
