"""What is recorded, and who reads it."""

import re

import pytest
from django.contrib.auth.models import Group, Permission

from accounts import audit
from accounts.leaving import purging
from accounts.models import AuditEvent, AuditKind
from tests.accounts.conftest import first_link
from tests.accounts.people import PEOPLE, change, values
from tests.conftest import PASSWORD
from todos.models import Role
from workflows.testing import run_until_idle

SIGN_IN, ACTIVITY, AUDIT = "/accounts/login/", "/accounts/activity/", "/admin/accounts/auditevent/"


def events(**lookup) -> list:
    rows = AuditEvent.objects.filter(**lookup).order_by("pk")
    return list(rows.values_list("kind", "person__name", "actor__name", "detail"))


def test_signing_in_and_out_is_recorded(client, bob):
    client.post(SIGN_IN, {"login": bob.email, "password": PASSWORD}, REMOTE_ADDR="192.0.2.7")
    client.post("/accounts/logout/")
    assert events() == [("signed_in", "Bob", "Bob", ""), ("signed_out", "Bob", "Bob", "")]
    assert AuditEvent.objects.last().address == "192.0.2.7"


@pytest.mark.parametrize(
    ("typed", "person"), [("BOB@example.com ", "Bob"), ("nobody@example.com", None), ("pass word@example.com", None)]
)
def test_a_failed_sign_in_names_only_who_has_an_account(client, bob, typed, person):
    client.post(SIGN_IN, {"login": typed, "password": "wrong password"})
    found = events()
    # What is no address is refused by the form before anybody looks.
    assert found == ([] if " " in typed.strip() else [("sign_in_failed", person, None, "")])
    assert "nobody" not in str(list(AuditEvent.objects.values()))


def test_a_failed_sign_in_of_a_banned_person_is_recorded(client, bob):
    bob.ban()
    client.post(SIGN_IN, {"login": bob.email, "password": PASSWORD})
    assert events(kind="signed_in") == []
    assert events(kind="sign_in_failed") == [("sign_in_failed", "Bob", None, "")]


def test_passwords_are_recorded(sign_in, client, bob, delivered):
    new = "barnacles everywhere"
    sign_in(bob).post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": new, "password2": new})
    client.post("/accounts/password/reset/", {"email": bob.email})
    link = first_link(next(mail for mail in delivered() if "new password" in mail.subject).body)
    form = client.get(link.removeprefix("http://localhost:8000"), follow=True)
    client.post(form.request["PATH_INFO"], {"password1": PASSWORD, "password2": PASSWORD})
    assert events(kind="password_changed") == [
        ("password_changed", "Bob", "Bob", ""),
        ("password_changed", "Bob", "Bob", "With a link sent by email"),
    ]


def test_bans_are_recorded_with_who_and_why(staff, bob):
    bob.ban(reason="spam", by=staff)
    bob.ban(reason="spam", by=staff)
    bob.unban(by=staff)
    assert events() == [("banned", "Bob", "Sten", "spam"), ("unbanned", "Bob", "Sten", "")]


def test_rights_are_recorded(sign_in, staff, bob):
    client = sign_in(staff)
    group = Group.objects.get(name="Viewers")
    change(client, bob, is_staff=True, groups=[group.pk])
    bob.user_permissions.add(Permission.objects.get(codename="view_user"))
    group.user_set.clear()
    assert set(events(kind="role_changed")) == {
        ("role_changed", "Bob", None, "+ view_user"),
        ("role_changed", "Bob", None, "- Viewers"),
        ("role_changed", "Bob", "Sten", "+ Viewers"),
        ("role_changed", "Bob", "Sten", "+ staff"),
    }


def test_roles_in_lists_are_recorded(flat, alice, bob):
    AuditEvent.objects.all().delete()
    membership = flat.memberships.get(user=bob)
    membership.change_role(Role.OWNER, by=alice)
    membership.remove(by=alice)
    flat.add_member(bob, role=Role.READER, by=alice)
    assert events() == [
        ("role_changed", "Bob", "Alice", "Flat renovation: editor → owner"),
        ("role_changed", "Bob", "Alice", "Flat renovation: - owner"),
        ("role_changed", "Bob", "Alice", "Flat renovation: + reader"),
    ]


def test_what_is_done_in_the_admin_is_recorded_without_names(sign_in, staff, bob, carol):
    client = sign_in(staff)
    change(client, bob, name="Robert")
    chosen = {"action": "delete_selected", "_selected_action": [bob.pk, carol.pk], "post": "yes"}
    client.post(PEOPLE, chosen)
    found = [(actor, detail) for _kind, _person, actor, detail in events(kind="admin_action")]
    assert ("Sten", "Name") in found
    assert ("Sten", f"Person {bob.pk}: Deletion") in found
    assert ("Sten", f"Person {carol.pk}: Deletion") in found
    assert "Robert" not in str(found)


def test_an_operators_changes_of_a_person_are_recorded_once_and_by_what_they_are(sign_in, staff, bob):
    client = sign_in(staff)
    change(client, bob, email="bob@new.example.com")
    change(client, bob, is_active=False, time_zone="Asia/Tokyo", is_staff=True)
    change(client, bob)
    new = {"password1": "a wholly new kelp", "password2": "a wholly new kelp", "usable_password": "true"}
    client.post(f"{PEOPLE}{bob.pk}/password/", new)
    client.post(f"{PEOPLE}{bob.pk}/password/", {"usable_password": "false", "unset-password": "yes"})
    assert events(person=bob) == [
        ("email_changed", "Bob", "Sten", ""),
        ("role_changed", "Bob", "Sten", "+ staff"),
        ("admin_action", "Bob", "Sten", "Time zone, Active"),
        ("password_changed", "Bob", "Sten", ""),
        ("password_changed", "Bob", "Sten", "Removed"),
    ]


def test_one_sees_no_number_of_oneself(sign_in, staff, bob):
    change(sign_in(staff), bob, name="Robert")
    page = sign_in(bob).get(ACTIVITY).content.decode()
    assert "Change in the admin: Name" in page
    assert f"Person {bob.pk}" not in page


def test_nobody_sees_where_another_was(sign_in, staff, second, client, bob):
    operator = sign_in(staff)
    operator.post(f"{PEOPLE}{bob.pk}/change/", values(bob, name="Robert"), REMOTE_ADDR="192.0.2.1")
    client.post(SIGN_IN, {"login": bob.email, "password": "wrong password"}, REMOTE_ADDR="192.0.2.2")
    client.post(SIGN_IN, {"login": bob.email, "password": PASSWORD}, REMOTE_ADDR="192.0.2.3")
    assert "192.0.2.1" in operator.get(AUDIT).content.decode()

    def shown() -> str:
        page = client.get(ACTIVITY).content.decode()
        assert "Change in the admin: Name" in page
        return " ".join(sorted(set(re.findall(r"192\.0\.2\.\d", page))))

    assert shown() == "192.0.2.2 192.0.2.3"
    staff.delete()  # whose deeds are nobody's then
    assert shown() == "192.0.2.2 192.0.2.3"


def test_one_sees_what_was_done_by_oneself_and_to_oneself(sign_in, staff, alice, bob):
    audit.record(AuditKind.ROLE_CHANGED, person=bob, actor=staff, detail="+ Helpers <b>")
    audit.record(AuditKind.INVITED, person=alice, actor=bob)
    audit.record(AuditKind.BANNED, person=alice, actor=staff, detail="not for Bob")
    page = sign_in(bob).get(ACTIVITY).content.decode()
    for words in ("Role changed: + Helpers &lt;b&gt;", "by Sten", "about Alice", "by you", "Signed in"):
        assert words in page
    assert "not for Bob" not in page
    assert ACTIVITY in sign_in(bob).get("/accounts/settings/").content.decode()


def test_the_pages_take_the_same_queries_for_any_number(
    sign_in, staff, alice, make_user, django_assert_max_num_queries
):
    member, operator = sign_in(alice), sign_in(staff)
    for number in range(60):
        audit.record(AuditKind.INVITED, person=alice if number % 2 else make_user(f"P{number}"), actor=alice)
    with django_assert_max_num_queries(5):
        page = member.get(ACTIVITY)
    assert len(page.context["events"]) == 50
    assert len(member.get(ACTIVITY, {"page": "2"}).context["events"]) == 11
    with django_assert_max_num_queries(7):
        assert operator.get(AUDIT).status_code == 200


def test_the_operator_looks_up_and_changes_nothing(sign_in, staff, bob):
    client = sign_in(staff)
    event = audit.record(AuditKind.INVITED, person=bob)
    for query in ({"q": "bob@"}, {"q": "192.0.2.1"}, {"kind__exact": "invited"}, {"at__year": "2026"}):
        assert client.get(AUDIT, query).status_code == 200
    assert client.get(AUDIT, {"q": "bob@"}).context["cl"].result_count == 1
    assert client.get(f"{AUDIT}{event.pk}/change/").status_code == 200
    assert client.get(f"{AUDIT}add/").status_code == 403
    for path in ("change", "delete"):
        assert client.post(f"{AUDIT}{event.pk}/{path}/", {"post": "yes"}).status_code == 403
    client.post(AUDIT, {"action": "delete_selected", "_selected_action": [event.pk], "post": "yes"})
    assert AuditEvent.objects.filter(pk=event.pk).exists()


def test_purging_a_person_leaves_what_they_did_to_others_without_their_name(alice, bob, staff, second):
    audit.record(AuditKind.SIGNED_IN, person=bob, actor=bob)
    audit.record(AuditKind.INVITED, person=bob, actor=alice)
    about_alice = audit.record(AuditKind.INVITED, person=alice, actor=bob)
    person_id = bob.pk
    purging.ask(bob, by=staff, reason="left").decide(approve=True, by=second)
    run_until_idle()
    assert not AuditEvent.objects.filter(person=person_id).exists()
    assert not AuditEvent.objects.filter(actor=person_id).exists()
    about_alice.refresh_from_db()
    assert (about_alice.person, about_alice.actor) == (alice, None)
