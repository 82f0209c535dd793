"""What an attacker tries at the sign-in page and its neighbours."""

from datetime import timedelta
from urllib.parse import urlencode

import pytest
from allauth.account.utils import user_pk_to_url_str
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from accounts.models import User
from tests.accounts.conftest import first_link
from tests.accounts.signing_in.test_passwords import NEW, ask, choose
from tests.accounts.signing_in.test_sign_in import LOGIN, sign_in_form
from tests.conftest import PASSWORD

HOSTILE = [
    "https://evil.example/",
    "//evil.example/",
    "///evil.example/",
    "/\\evil.example",
    "\\\\evil.example",
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "http:evil.example",
    "/\t/evil.example/",
    " https://evil.example/",
    "https://localhost:8000@evil.example/",
    "https:///evil.example",
    "\x00//evil.example",
]
HEADLESS = [
    f"{prefix}/{client}/v1/{path}"
    for prefix in ("/_allauth", "/accounts/_allauth", "/api")
    for client in ("browser", "app")
    for path in ("auth/signup", "auth/login", "auth/session", "auth/password/request", "config", "auth/webauthn/login")
]
SIGN_UP = {"email": "new@example.com", "password1": PASSWORD, "password2": PASSWORD, "password": PASSWORD}


@pytest.mark.parametrize("target", HOSTILE)
def test_no_hostile_way_back_leads_elsewhere(client, alice, target):
    assert sign_in_form(client, next=target).url == "/lists/"
    assert Client().get(LOGIN, {"next": target}).status_code == 200
    assert (
        Client().post(f"{LOGIN}?{urlencode({'next': target})}", {"login": alice.email, "password": PASSWORD}).url
        == "/lists/"
    )


def test_a_way_back_brings_no_header_along(client, alice):
    response = sign_in_form(client, next="/lists/\r\nX-Evil: yes")
    assert "X-Evil" not in response
    assert response.url.startswith("/lists/")


@pytest.mark.parametrize("target", HOSTILE)
def test_no_hostile_way_back_after_other_forms(sign_in, alice, target):
    client = sign_in(alice)
    assert client.post("/accounts/reauthenticate/", {"password": PASSWORD, "next": target}).url == "/lists/"
    assert "evil" not in client.post("/accounts/theme/", {"theme": "dark", "next": target}).url
    assert "evil" not in client.post("/accounts/logout/", {"next": target}).url


@pytest.mark.parametrize("path", HEADLESS)
def test_there_is_no_headless_door(client, db, path):
    assert client.get(path).status_code == 404
    assert client.post(path, SIGN_UP, content_type="application/json").status_code == 404


@pytest.mark.parametrize("path", ["/accounts/signup/", "/accounts/signup/passkey/", "/accounts/social/signup/"])
@pytest.mark.parametrize("headers", [{}, {"x-requested-with": "XMLHttpRequest"}, {"accept": "application/json"}])
def test_nobody_signs_up_by_any_route(client, db, path, headers):
    for method in (client.get, client.post, client.put):
        assert method(path, SIGN_UP, headers=headers).status_code in {200, 400, 403, 404, 405}
    assert not User.objects.exists()


def test_nor_as_a_member_or_an_operator_without_the_right(sign_in, make_user):
    sten = make_user("Sten", is_staff=True)
    sten.user_permissions.set(Permission.objects.filter(codename="view_user"))
    assert sign_in(sten).post("/admin/accounts/user/add/", {"email": "new@example.com"}).status_code == 403
    assert not User.objects.filter(email="new@example.com").exists()


def wrong_token(_client) -> dict:
    return {"csrfmiddlewaretoken": "x" * 64}


def no_token(_client) -> dict:
    return {}


def token_of_another(_client) -> dict:
    other = Client(enforce_csrf_checks=True)
    other.get(LOGIN)
    return {"csrfmiddlewaretoken": other.cookies["csrftoken"].value}


def right_token(client) -> dict:
    return {"csrfmiddlewaretoken": client.cookies["csrftoken"].value}


@pytest.mark.parametrize("path", [LOGIN, "/accounts/password/reset/", "/accounts/theme/"])
@pytest.mark.parametrize("token", [no_token, wrong_token, token_of_another])
def test_a_form_needs_its_own_token(alice, delivered, path, token):
    client = Client(enforce_csrf_checks=True)
    client.get(LOGIN)
    data = {"login": alice.email, "email": alice.email, "password": PASSWORD, "theme": "dark"}
    assert client.post(path, data | token(client)).status_code == 403
    assert "_auth_user_id" not in client.session
    assert delivered() == []


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("null", 403),
        ("https://evil.example", 403),
        ("http://localhost:8000.evil.example", 403),
        ("http://localhost:8001", 403),
        ("", 403),
        ("http://localhost:8000", 302),
    ],
)
def test_a_form_from_elsewhere_is_refused_even_with_the_token(alice, origin, status):
    client = Client(enforce_csrf_checks=True)
    client.get(LOGIN)
    data = {"login": alice.email, "password": PASSWORD} | right_token(client)
    assert client.post(LOGIN, data, headers={"origin": origin}).status_code == status


def test_the_session_is_another_one_after_signing_in(client, alice):
    session = client.session
    session["planted"] = True
    session.save()
    planted = session.session_key
    client.cookies["sessionid"] = planted
    sign_in_form(client)
    assert client.session.session_key != planted
    assert client.session["_auth_user_id"] == str(alice.pk)
    attacker = Client()
    attacker.cookies["sessionid"] = planted
    assert attacker.get("/lists/").status_code == 302


def test_a_made_up_session_is_not_taken_over(client, alice):
    client.cookies["sessionid"] = "a" * 32
    sign_in_form(client)
    assert client.cookies["sessionid"].value != "a" * 32


def test_the_session_of_one_person_holds_nothing_for_the_next(client, alice, bob):
    client.force_login(bob)
    session = client.session
    session["secret"] = "Bob's"
    session.save()
    client.post("/accounts/logout/")
    sign_in_form(client)
    assert "secret" not in client.session


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "localhost:8000@evil.example", "evil\r\nX: y"]
)
@pytest.mark.parametrize("name", ["host", "x-forwarded-host", "x-original-host", "forwarded", "x-host"])
def test_no_header_gets_into_a_reset_mail(client, alice, delivered, name, host):
    ask(client, headers={name: host})
    for mail in delivered():
        assert "evil" not in mail.body
        assert first_link(mail.body).startswith("http://localhost:8000/accounts/password/reset/key/")


@pytest.fixture
def link(client, alice, delivered) -> str:
    ask(client)
    return first_link(delivered()[0].body)


def assert_worthless(link: str, alice: User, *, password: str = PASSWORD) -> None:
    choose(Client(), link, "some other words 7")
    alice.refresh_from_db()
    assert alice.check_password(password)


def test_a_reset_link_dies_with_the_password_it_was_for(sign_in, alice, link):
    data = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    assert sign_in(alice).post("/accounts/password/change/", data).status_code == 302
    assert_worthless(link, alice, password=NEW)


def test_a_link_that_was_opened_before_the_change_dies_too(sign_in, client, alice, link):
    form = client.get(link.removeprefix("http://localhost:8000"), follow=True)
    alice.set_password(NEW)
    alice.save()
    client.post(form.request["PATH_INFO"], {"password1": "other words 1", "password2": "other words 1"})
    alice.refresh_from_db()
    assert alice.check_password(NEW)


def test_a_reset_link_lets_no_banned_person_in(alice, make_user, link):
    alice.ban(until=timezone.now() + timedelta(days=1), reason="Spam")
    choose(Client(), link, NEW)
    client = Client()
    for password in (NEW, PASSWORD):
        sign_in_form(client, password=password)
        assert client.get("/lists/").status_code == 302


def test_a_reset_link_of_one_person_is_none_for_another(alice, bob, link):
    forged = link.replace(f"key/{user_pk_to_url_str(alice)}-", f"key/{user_pk_to_url_str(bob)}-")
    assert forged != link
    assert_worthless(forged, bob)
