import re

import pytest

from accounts.invitations import make_link
from accounts.models import User
from tests.accounts.conftest import first_link
from tests.accounts.people import ADDRESSES, PEOPLE, change, errors
from tests.conftest import PASSWORD


@pytest.mark.slow
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
        assert not re.search(r"\bmd5\b", page, re.IGNORECASE)  # a token may have these letters, too
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
    data = {"email": "dora@example.com", "name": "Dora", "password1": "", "password2": "", "send_link": "on"}
    sign_in(staff).post(f"{PEOPLE}add/", data)
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
        assert "Someone else" in errors(change(client, alice, email=email))
    assert alice.email == "alice@example.com"


def test_only_what_was_changed_is_written(sign_in, staff, alice, monkeypatch):
    original = User.full_clean

    def meanwhile(user, *args, **kwargs):
        User.objects.filter(pk=alice.pk).update(theme="dark")
        original(user, *args, **kwargs)

    monkeypatch.setattr(User, "full_clean", meanwhile)
    change(sign_in(staff), alice, name="Alice Archer")
    assert (alice.name, alice.theme) == ("Alice Archer", "dark")


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
    assert "1 person was skipped" in page
    assert [mail.to for mail in delivered()] == [[alice.email]]


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


def test_who_gets_another_address_hears_of_it_at_the_old_one(sign_in, staff, alice, delivered):
    change(sign_in(staff), alice, email="alice@new.example.com")
    [mail] = delivered()
    assert mail.to == ["alice@example.com"]
    assert "Hello Alice" in mail.body
    assert "alice@new.example.com" in mail.body
    assert "An operator changed it" in mail.body


def test_the_old_address_hears_of_it_even_if_the_person_is_shut_out_at_once(sign_in, staff, alice, delivered):
    change(sign_in(staff), alice, email="alice@new.example.com", is_active=False)
    assert [mail.to for mail in delivered()] == [["alice@example.com"]]


def test_nothing_is_mailed_where_the_address_stays(sign_in, staff, alice, delivered):
    change(sign_in(staff), alice, name="Alice Archer", email="ALICE@example.com")
    assert delivered() == []


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"password1": "a wholly new kelp", "password2": "a wholly new kelp", "usable_password": "true"}, "changed"),
        ({"usable_password": "false", "unset-password": "yes"}, "removed"),
    ],
)
def test_who_gets_another_password_hears_of_it(sign_in, staff, alice, delivered, fields, said):
    client = sign_in(staff)
    client.post(f"{PEOPLE}{alice.pk}/password/", fields, REMOTE_ADDR="192.0.2.9")
    alice.refresh_from_db()
    assert not alice.check_password(PASSWORD)
    [mail] = delivered()
    assert mail.to == [alice.email]
    assert f"An operator {said} your password" in mail.body
    assert "192.0.2.9" not in mail.body


def test_a_password_that_is_refused_tells_nobody(sign_in, staff, alice, delivered):
    fields = {"password1": "short", "password2": "short", "usable_password": "true"}
    assert sign_in(staff).post(f"{PEOPLE}{alice.pk}/password/", fields).status_code == 200
    assert delivered() == []


def test_what_is_only_read_is_headed_by_its_name(sign_in, staff):
    client = sign_in(staff)
    made = make_link(by=staff)
    for path, title in (
        ("accounts/invitation/", "Invitations"),
        (f"accounts/invitation/{made.pk}/change/", "View invitation"),
        ("accounts/invitation/add/", "Add invitation"),
        ("accounts/auditevent/", "Audit"),
        ("accounts/purgerequest/", "Purge requests"),
        ("account/emailaddress/", "Email addresses"),
        ("mfa/authenticator/", "Authenticators"),
        ("todos/activity/", "Activities"),
        ("todos/bulkadd/", "Bulk adds"),
        ("accounts/user/", "Select person to change"),
    ):
        assert client.get(f"/admin/{path}").context["title"] == title
