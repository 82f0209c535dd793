import re
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group, Permission
from django.utils import timezone

from accounts.models import User
from tests.accounts.conftest import first_link
from tests.conftest import PASSWORD

PEOPLE = "/admin/accounts/user/"
ADDRESSES = "/admin/account/emailaddress/"


@pytest.fixture
def helpdesk(make_user):
    """Staff with every right over people and groups that can be given, but no superuser."""
    user = make_user("Hilda", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(content_type__app_label__in=["accounts", "account", "auth"]))
    return user


@pytest.fixture
def second(make_user):
    return make_user("Olga", is_staff=True, is_superuser=True)


def values(person: User, **changes) -> dict:
    """What the change form would post."""
    fields = {
        "email": person.email,
        "name": person.name,
        "time_zone": person.time_zone,
        "theme": person.theme,
        "is_active": person.is_active,
        "is_staff": person.is_staff,
        "is_superuser": person.is_superuser,
        "banned": person.is_banned(),
        "ban_reason": person.ban_reason,
        "banned_until_0": "",
        "banned_until_1": "",
    } | changes
    return {name: "on" if value is True else value for name, value in fields.items() if value is not False}


def change(client, person, **changes):
    response = client.post(f"{PEOPLE}{person.pk}/change/", values(person, **changes))
    person.refresh_from_db()
    return response


def errors(response) -> str:
    return str(response.context["errors"])


def test_the_pages_of_people_are_shown(sign_in, staff, alice):
    client = sign_in(staff)
    for path in (
        "",
        "add/",
        f"{alice.pk}/change/",
        f"{alice.pk}/password/",
        f"{alice.pk}/delete/",
        f"{alice.pk}/history/",
    ):
        assert client.get(f"{PEOPLE}{path}").status_code == 200
    assert client.get(PEOPLE, {"banned": "yes", "is_active__exact": "1", "q": "ali"}).status_code == 200
    assert client.get(PEOPLE, {"banned": "no"}).status_code == 200


def test_password_hashes_are_never_shown(sign_in, staff, alice):
    client = sign_in(staff)
    digest = alice.password.split("$")[-1]
    for path in ("", f"{alice.pk}/change/", f"{alice.pk}/password/"):
        page = client.get(f"{PEOPLE}{path}").content.decode()
        assert digest[:6] not in page
        assert "md5" not in page.lower()
    assert client.get(PEOPLE, {"password__startswith": "md5"}).status_code == 400


def test_the_list_takes_the_same_queries_for_any_number(sign_in, staff, make_user, django_assert_max_num_queries):
    client = sign_in(staff)
    for number in range(12):
        make_user(f"Person{number}")
    for path in (PEOPLE, ADDRESSES):
        with django_assert_max_num_queries(9):
            client.get(path)


def test_a_person_is_added_with_a_password(sign_in, staff, client, delivered):
    data = {
        "email": " Dora@Example.com",
        "name": "Dora",
        "password1": PASSWORD,
        "password2": PASSWORD,
        "send_link": "on",
    }
    assert sign_in(staff).post(f"{PEOPLE}add/", data).status_code == 302
    dora = User.objects.get(email="dora@example.com")
    assert [(a.email, a.verified, a.primary) for a in dora.emailaddress_set.all()] == [("dora@example.com", True, True)]
    assert client.post("/accounts/login/", {"login": dora.email, "password": PASSWORD}).url == "/lists/"
    assert delivered() == []


def test_a_person_is_added_with_a_link_instead(sign_in, staff, client, delivered):
    sign_in(staff).post(f"{PEOPLE}add/", {"email": "dora@example.com", "name": "Dora", "send_link": "on"})
    dora = User.objects.get(email="dora@example.com")
    assert not dora.has_usable_password()
    [mail] = delivered()
    form = client.get(
        first_link(mail.body.split("Choose your password")[1]).removeprefix("http://localhost:8000"), follow=True
    )
    client.post(form.request["PATH_INFO"], {"password1": PASSWORD, "password2": PASSWORD})
    assert client.post("/accounts/login/", {"login": dora.email, "password": PASSWORD}).url == "/lists/"


@pytest.mark.parametrize(
    "bad",
    [
        {"email": "ALICE@example.com"},
        {"email": "nonsense"},
        {"password1": "short", "password2": "short"},
        {"password1": PASSWORD, "password2": "something else"},
        {"password1": "dora@example.com", "password2": "dora@example.com"},
    ],
)
def test_a_person_is_not_added_with_bad_values(sign_in, staff, alice, bad):
    response = sign_in(staff).post(f"{PEOPLE}add/", {"email": "dora@example.com", "name": "Dora"} | bad)
    assert response.status_code == 200
    assert errors(response)
    assert User.objects.count() == 2


def test_a_new_address_moves_the_sign_in(sign_in, staff, alice, client):
    change(sign_in(staff), alice, email="Alice@New.example.com")
    assert [a.email for a in alice.emailaddress_set.filter(verified=True, primary=True)] == ["alice@new.example.com"]
    assert alice.email == "alice@new.example.com"
    assert client.post("/accounts/login/", {"login": "alice@example.com", "password": PASSWORD}).status_code == 200
    assert client.post("/accounts/login/", {"login": alice.email, "password": PASSWORD}).url == "/lists/"


def test_an_address_somebody_else_signs_in_with_is_refused(sign_in, staff, alice, bob):
    bob.emailaddress_set.create(email="bob@other.example.com", verified=True)
    client = sign_in(staff)
    for email in ("Bob@example.com", "bob@other.example.com"):
        assert "Somebody else" in errors(change(client, alice, email=email))
    assert alice.email == "alice@example.com"


def test_only_what_was_changed_is_written(sign_in, staff, alice, monkeypatch):
    original = User.full_clean

    def meanwhile(user, *args, **kwargs):
        User.objects.filter(pk=alice.pk).update(theme="dark")
        original(user, *args, **kwargs)

    monkeypatch.setattr(User, "full_clean", meanwhile)
    change(sign_in(staff), alice, name="Alice Archer")
    assert (alice.name, alice.theme) == ("Alice Archer", "dark")


def test_a_ban_in_the_admin_ends_sessions_and_is_lifted_again(sign_in, staff, bob):
    client, session = sign_in(staff), sign_in(bob)
    until = timezone.now() + timedelta(days=2)
    change(
        client,
        bob,
        banned=True,
        ban_reason="spam",
        banned_until_0=f"{until:%Y-%m-%d}",
        banned_until_1=f"{until:%H:%M:%S}",
    )
    assert bob.is_banned()
    assert bob.ban_reason == "spam"
    assert session.get("/accounts/settings/").status_code == 302
    change(client, bob, banned=False)
    assert (bob.banned_at, bob.banned_until, bob.ban_reason) == (None, None, "")
    assert session.get("/accounts/settings/").status_code == 302


def test_switching_off_and_on_does_not_revive_sessions(sign_in, staff, bob):
    client, session = sign_in(staff), sign_in(bob)
    change(client, bob, is_active=False)
    change(client, bob, is_active=True)
    assert bob.is_active
    assert session.get("/accounts/settings/").status_code == 302


@pytest.mark.parametrize(
    "bad", [{"ban_reason": "spam"}, {"banned": True, "banned_until_0": "2001-01-01", "banned_until_1": "00:00:00"}]
)
def test_a_ban_that_makes_no_sense_is_refused(sign_in, staff, bob, bad):
    assert errors(change(sign_in(staff), bob, **bad))
    assert bob.banned_at is None


@pytest.mark.parametrize("loss", [{"is_superuser": False}, {"is_active": False}, {"banned": True}])
def test_the_last_operator_cannot_be_lost_by_a_form(sign_in, staff, loss):
    assert "last superuser" in errors(change(sign_in(staff), staff, **loss))
    assert staff.is_superuser
    assert staff.may_sign_in()


@pytest.mark.parametrize("loss", [{"is_superuser": False}, {"is_active": False}, {"banned": True}])
def test_with_a_second_operator_it_can(sign_in, staff, second, loss):
    change(sign_in(staff), second, **loss)
    assert list(User.objects.operators()) == [staff]


def test_the_last_operator_cannot_be_deleted(sign_in, staff, second):
    client = sign_in(staff)
    both = {"action": "delete_selected", "_selected_action": [staff.pk, second.pk], "post": "yes"}
    assert "last superuser" in client.post(PEOPLE, both).content.decode()
    assert User.objects.count() == 2
    client.post(PEOPLE, both | {"_selected_action": [second.pk]})
    assert list(User.objects.all()) == [staff]
    assert "last superuser" in client.post(f"{PEOPLE}{staff.pk}/delete/", {"post": "yes"}).content.decode()
    assert User.objects.exists()


def test_an_ordinary_person_can_be_deleted(sign_in, staff, alice):
    assert sign_in(staff).post(f"{PEOPLE}{alice.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not User.objects.filter(pk=alice.pk).exists()


def test_links_are_mailed_by_an_action(sign_in, staff, alice, bob, delivered):
    bob.ban()
    data = {"action": "mail_password_link", "_selected_action": [alice.pk, bob.pk]}
    page = sign_in(staff).post(PEOPLE, data, follow=True).content.decode()
    assert "1 link is on its way" in page
    assert "1 person was left out" in page
    assert [mail.to for mail in delivered()] == [[alice.email]]


def test_the_helpdesk_changes_ordinary_people(sign_in, helpdesk, alice):
    change(sign_in(helpdesk), alice, name="Alice Archer")
    assert alice.name == "Alice Archer"


def test_the_helpdesk_makes_no_superusers(sign_in, helpdesk, alice):
    rights = list(Permission.objects.values_list("pk", flat=True))
    change(sign_in(helpdesk), alice, is_superuser=True, is_staff=True, user_permissions=rights)
    assert not alice.is_superuser
    assert not alice.is_staff
    assert not alice.user_permissions.exists()
    data = {"email": "dora@example.com", "name": "Dora", "is_superuser": "on", "is_staff": "on"}
    sign_in(helpdesk).post(f"{PEOPLE}add/", data)
    dora = User.objects.get(email="dora@example.com")
    assert not dora.is_superuser
    assert not dora.is_staff


@pytest.mark.parametrize("name", ["staff", "helpdesk"])
def test_the_helpdesk_does_not_touch_staff_nor_itself(sign_in, helpdesk, staff, second, name):
    client = sign_in(helpdesk)
    person = {"staff": staff, "helpdesk": helpdesk}[name]
    assert client.get(f"{PEOPLE}{person.pk}/change/").status_code == 200
    assert change(client, person, email="mine@example.com").status_code == 403
    new = {"password1": "barnacles everywhere", "password2": "barnacles everywhere", "usable_password": "true"}
    assert client.post(f"{PEOPLE}{person.pk}/password/", new).status_code == 403
    assert client.post(f"{PEOPLE}{person.pk}/delete/", {"post": "yes"}).status_code == 403
    client.post(PEOPLE, {"action": "delete_selected", "_selected_action": [person.pk], "post": "yes"})
    person.refresh_from_db()
    assert person.email != "mine@example.com"
    assert person.check_password(PASSWORD)


def test_the_helpdesk_mails_no_links_to_superusers(sign_in, helpdesk, staff, delivered):
    sign_in(helpdesk).post(PEOPLE, {"action": "mail_password_link", "_selected_action": [staff.pk]})
    assert delivered() == []


def test_the_helpdesk_fills_no_groups(sign_in, helpdesk):
    group = Group.objects.create(name="Helpers")
    helpdesk.groups.add(group)
    client = sign_in(helpdesk)
    data = {"name": "Helpers", "permissions": list(Permission.objects.values_list("pk", flat=True))}
    assert client.post(f"/admin/auth/group/{group.pk}/change/", data).status_code == 403
    assert client.post("/admin/auth/group/add/", data | {"name": "Mine"}).status_code == 403
    assert not group.permissions.exists()


def test_the_helpdesk_gives_nobody_an_address(sign_in, helpdesk, staff):
    client = sign_in(helpdesk)
    data = {"user": staff.pk, "email": "mine@example.com", "verified": "on"}
    assert client.post(f"{ADDRESSES}add/", data).status_code == 403
    address = staff.emailaddress_set.get()
    assert client.post(f"{ADDRESSES}{address.pk}/change/", data).status_code == 403
    EmailAddress.objects.update(verified=False)
    client.post(ADDRESSES, {"action": "make_verified", "_selected_action": [address.pk]})
    assert not EmailAddress.objects.filter(verified=True).exists()


def test_addresses_are_found_and_verified_by_superusers(sign_in, staff, alice):
    client = sign_in(staff)
    page = client.get(ADDRESSES, {"q": "Alice"}).content.decode()
    assert len(re.findall("alice@example.com", page)) >= 1
    alice.emailaddress_set.update(verified=False)
    client.post(ADDRESSES, {"action": "make_verified", "_selected_action": [alice.emailaddress_set.get().pk]})
    assert alice.emailaddress_set.get().verified


def test_members_are_not_let_into_the_admin(sign_in, client, alice):
    assert sign_in(alice).get("/admin/", follow=True).status_code == 403
    assert client.get("/admin/", follow=True).redirect_chain[-1][0].startswith("/accounts/login/")
    assert client.post("/admin/login/", {"username": "x", "password": "y"}).status_code == 302
