from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from tests.accounts.conftest import first_link
from tests.conftest import PASSWORD

NEW = "barnacles on every rock"
RESET = "/accounts/password/reset/"
PUBLIC = "http://localhost:8000"


def ask(client, email="alice@example.com", **extra):
    return client.post(RESET, {"email": email}, **extra)


def choose(client, link, password=NEW):
    """Follow the link as a browser does and post the form behind it."""
    form = client.get(link.removeprefix(PUBLIC), follow=True)
    return client.post(form.request["PATH_INFO"], {"password1": password, "password2": password})


def test_a_forgotten_password_is_replaced_through_a_mailed_link(client, alice, delivered):
    assert ask(client, "ALICE@example.com").url == "/accounts/password/reset/done/"
    [mail] = delivered()
    assert mail.to == ["alice@example.com"]
    assert mail.subject == "Set a new password"
    assert "Hello Alice," in mail.body
    assert choose(client, first_link(mail.body)).url == "/accounts/password/reset/key/done/"
    alice.refresh_from_db()
    assert alice.check_password(NEW)
    assert "_auth_user_id" not in client.session


def test_the_link_works_once(client, alice, delivered):
    ask(client)
    link = first_link(delivered()[0].body)
    choose(client, link)
    again = Client().get(link.removeprefix(PUBLIC), follow=True)
    assert again.context["token_fail"]
    Client().post(again.request["PATH_INFO"], {"password1": "other words 1", "password2": "other words 1"})
    alice.refresh_from_db()
    assert alice.check_password(NEW)


def test_a_reset_ends_the_sessions_of_whoever_knew_the_old_password(client, sign_in, alice, delivered):
    thief = sign_in(alice)
    ask(client)
    choose(client, first_link(delivered()[0].body))
    assert thief.get("/accounts/settings/").status_code == 302


@pytest.mark.parametrize("headers", [{"host": "127.0.0.1"}, {"x-forwarded-host": "evil.example"}])
def test_headers_do_not_change_the_link(client, alice, delivered, headers):
    ask(client, headers=headers)
    assert first_link(delivered()[0].body).startswith(f"{PUBLIC}/accounts/password/reset/key/")


def test_a_foreign_host_is_refused_and_gets_no_link(client, alice, delivered):
    assert ask(client, headers={"host": "evil.example"}).status_code == 400
    assert delivered() == []


def test_an_unknown_address_gets_the_same_answer_and_no_mail(client, alice, delivered):
    known, unknown = ask(client), ask(client, "nobody@example.com")
    assert (known.status_code, known.url) == (unknown.status_code, unknown.url)
    assert [mail.to for mail in delivered()] == [["alice@example.com"]]


def test_who_is_shut_out_gets_the_same_answer_and_no_mail(client, alice, bob, delivered):
    User.objects.filter(pk=alice.pk).update(is_active=False)
    bob.ban(until=timezone.now() + timedelta(days=1))
    for person in (alice, bob):
        assert ask(client, person.email).url == "/accounts/password/reset/done/"
    assert delivered() == []


@pytest.mark.parametrize("password", ["short", "password", "alice@example.com"])
def test_weak_passwords_are_refused(client, alice, delivered, password):
    ask(client)
    assert choose(client, first_link(delivered()[0].body), password).context["form"].errors
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)


def test_a_member_changes_the_password_and_stays_signed_in(sign_in, alice):
    client, other = sign_in(alice), sign_in(alice)
    data = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    assert client.post("/accounts/password/change/", data).url == "/accounts/settings/"
    alice.refresh_from_db()
    assert alice.check_password(NEW)
    assert client.get("/accounts/settings/").status_code == 200
    assert other.get("/accounts/settings/").status_code == 302


def test_the_old_password_is_needed_for_a_change(sign_in, alice):
    data = {"oldpassword": "wrong", "password1": NEW, "password2": NEW}
    assert sign_in(alice).post("/accounts/password/change/", data).context["form"].errors
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)


def test_changing_the_password_keeps_what_others_changed_meanwhile(sign_in, alice, monkeypatch):
    client = sign_in(alice)
    original = User.set_password

    def meanwhile(user, password):
        User.objects.filter(pk=user.pk).update(name="Alice Archer")
        original(user, password)

    monkeypatch.setattr(User, "set_password", meanwhile)
    client.post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW})
    alice.refresh_from_db()
    assert alice.name == "Alice Archer"


def test_notices_of_changes_reach_the_person(client, sign_in, alice, delivered, settings):
    settings.ACCOUNT_EMAIL_NOTIFICATIONS = True
    User.objects.update(time_zone="Asia/Tokyo")
    sign_in(alice).post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW})
    [mail] = delivered()
    assert mail.subject == "Your password was changed"
    assert f"{PUBLIC}{RESET}" in mail.body
    assert "127.0.0.1" in mail.body


def test_the_first_password_is_set_by_a_member_without_one(sign_in, alice, delivered, settings):
    settings.ACCOUNT_EMAIL_NOTIFICATIONS = True
    alice.set_unusable_password()
    alice.save(update_fields=["password"])
    response = sign_in(alice).post("/accounts/password/set/", {"password1": NEW, "password2": NEW})
    assert response.url == "/accounts/settings/"
    assert [mail.subject for mail in delivered()] == ["Your password was set"]
