from datetime import timedelta

import pytest
from django.contrib.auth import authenticate
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.conftest import PASSWORD

LOGIN = "/accounts/login/"


def sign_in_form(client, email="alice@example.com", password=PASSWORD, **fields):
    return client.post(LOGIN, {"login": email, "password": password, **fields})


@pytest.mark.parametrize("typed", ["alice@example.com", "Alice@Example.COM", "  alice@example.com  "])
def test_alice_signs_in_however_she_writes_her_address(client, alice, typed):
    response = sign_in_form(client, typed)
    assert response.status_code == 302
    assert response.url == "/lists/"
    assert client.session["_auth_user_id"] == str(alice.pk)


@pytest.mark.parametrize("name", ["email", "username"])
def test_the_backend_itself_reads_addresses_so_too(alice, name):
    assert authenticate(None, **{name: " ALICE@example.com ", "password": PASSWORD}) == alice


def test_kept_signed_in_means_a_week(client, alice):
    sign_in_form(client, remember="on")
    assert client.cookies["sessionid"]["max-age"] == timedelta(days=7).total_seconds()
    assert not client.session.get_expire_at_browser_close()


def test_otherwise_the_session_ends_with_the_browser(client, alice):
    sign_in_form(client)
    assert client.cookies["sessionid"]["max-age"] == ""
    assert client.session.get_expire_at_browser_close()


@pytest.mark.parametrize(
    ("email", "password"), [("alice@example.com", "wrong"), ("nobody@example.com", PASSWORD), ("not an address", "x")]
)
def test_wrong_credentials_are_refused(client, alice, email, password):
    response = sign_in_form(client, email, password)
    assert response.status_code == 200
    assert response.context["form"].errors
    assert "_auth_user_id" not in client.session


def test_a_wrong_password_and_an_unknown_address_look_the_same(client, alice):
    wrong = sign_in_form(client, password="wrong").context["form"].errors
    unknown = sign_in_form(client, "nobody@example.com").context["form"].errors
    assert wrong == unknown


def test_the_way_back_is_kept(client, alice):
    assert sign_in_form(client, next="/lists/7/").url == "/lists/7/"


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", "http://localhost/"],
)
def test_the_way_back_does_not_lead_elsewhere(client, alice, target):
    assert sign_in_form(client, next=target).url == "/lists/"


def test_only_a_post_signs_out(sign_in, alice):
    client = sign_in(alice)
    assert client.get("/accounts/logout/").status_code == 200
    assert "_auth_user_id" in client.session
    response = client.post("/accounts/logout/")
    assert response.url == LOGIN
    assert "_auth_user_id" not in client.session


def test_signing_out_is_protected_against_forgery(alice):
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    assert client.post("/accounts/logout/").status_code == 403
    assert "_auth_user_id" in client.session


def test_a_form_from_before_another_sign_in_is_called_out_of_date(alice):
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    response = client.post("/accounts/logout/")
    assert "<h1>This page is out of date</h1>" in response.text
    json = client.post("/accounts/logout/", headers={"accept": "application/json"}).json()
    assert json["error"]["message"].startswith(
        "This page is out of date. You may have signed in or out since you opened it"
    )


def test_sign_up_is_closed(client, db):
    assert client.get("/accounts/signup/").status_code == 200
    data = {"email": "new@example.com", "password1": PASSWORD, "password2": PASSWORD}
    assert client.post("/accounts/signup/", data).templates[0].name == "account/signup_closed.html"
    ajax = client.post("/accounts/signup/", data, headers={"accept": "application/json"})
    assert ajax.status_code < 500
    assert not User.objects.exists()


def test_an_unverified_address_gets_a_link_and_then_works(client, alice, delivered):
    alice.emailaddress_set.update(verified=False)
    response = sign_in_form(client)
    assert response.url == reverse("account_email_verification_sent")
    assert client.get(response.url).status_code == 200
    assert "_auth_user_id" not in client.session
    [mail] = delivered()
    assert mail.to == ["alice@example.com"]
    path = next(line for line in mail.body.splitlines() if "/confirm-email/" in line).removeprefix(
        "http://localhost:8000"
    )
    assert client.get(path).status_code == 200
    client.post(path)
    assert alice.emailaddress_set.get().verified
    assert sign_in_form(client).url == "/lists/"


def test_a_person_switched_off_is_told_so_after_the_right_password_only(client, alice):
    User.objects.update(is_active=False)
    assert sign_in_form(client, password="wrong").status_code == 200
    response = sign_in_form(client)
    assert response.url == reverse("account_inactive")
    assert client.get(response.url).status_code == 200
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize(
    "path",
    [
        "/accounts/email/",
        "/accounts/login/code/",
        "/accounts/login/code/confirm/",
        "/accounts/3rdparty/",
        "/accounts/2fa/",
        "/accounts/",
    ],
)
def test_parts_of_allauth_we_do_not_have_are_not_there(sign_in, alice, path):
    assert sign_in(alice).get(path).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "login/",
        "signup/",
        "inactive/",
        "password/reset/",
        "password/reset/done/",
        "password/reset/key/done/",
        "password/reset/key/zzzzzzzzzzzzz-x-y/",
        "password/reset/key/1-set-password/",
        "confirm-email/",
        "confirm-email/nonsense/",
    ],
)
def test_pages_before_signing_in_are_shown(client, db, path):
    assert client.get(f"/accounts/{path}").status_code == 200


@pytest.mark.parametrize("path", ["reauthenticate/", "password/change/", "password/set/", "settings/"])
def test_pages_of_members_ask_for_sign_in(client, db, path):
    assert client.get(f"/accounts/{path}").url == f"{LOGIN}?next=/accounts/{path}"


@pytest.mark.parametrize("path", ["reauthenticate/", "password/change/", "logout/", "settings/"])
def test_pages_of_members_are_shown(sign_in, alice, path):
    assert sign_in(alice).get(f"/accounts/{path}").status_code == 200


def test_reauthentication_works(sign_in, alice):
    client = sign_in(alice)
    assert client.post("/accounts/reauthenticate/", {"password": "wrong"}).status_code == 200
    assert client.post("/accounts/reauthenticate/", {"password": PASSWORD}).url == "/lists/"


def test_a_member_without_a_password_cannot_reauthenticate(sign_in, alice):
    alice.set_unusable_password()
    alice.save(update_fields=["password"])
    client = sign_in(alice)
    assert client.get("/accounts/reauthenticate/").status_code == 403
    assert client.get("/accounts/password/change/").url == "/accounts/password/set/"
    assert client.get("/accounts/password/set/").status_code == 200
