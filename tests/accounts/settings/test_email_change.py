"""Signing in with another address."""

import pytest

from accounts.models import AuditEvent, User
from accounts.sessions.fresh import FRESH_KEY
from accounts.settings.email import change
from tests.accounts.conftest import first_link
from tests.at_once import at_once
from tests.conftest import PASSWORD

PAGE = "/accounts/address/"
NEW = "alice@new.example.com"


@pytest.fixture
def link(sign_in, alice, delivered):
    sign_in(alice).post(PAGE, {"email": " Alice@New.example.com"})
    [mail] = delivered()
    assert mail.to == [NEW]
    return first_link(mail.body).removeprefix("http://localhost:8000")


def test_the_address_changes_when_the_link_is_confirmed(client, sign_in, alice, link, delivered):
    session = sign_in(alice)
    alice.refresh_from_db()
    assert alice.email == "alice@example.com"
    page = client.get(link)
    assert NEW in page.content.decode()
    alice.refresh_from_db()
    assert alice.email == "alice@example.com"  # programs open links too
    assert client.post(link).url == "/accounts/login/"
    alice.refresh_from_db()
    assert alice.email == NEW
    assert [(a.email, a.verified, a.primary) for a in alice.emailaddress_set.all()] == [(NEW, True, True)]
    assert AuditEvent.objects.filter(kind="email_changed", person=alice).count() == 1
    told = delivered()[-1]
    assert told.to == ["alice@example.com"]
    assert NEW in told.body
    assert session.get("/lists/").status_code == 200
    sign_in_with = {"login": NEW, "password": PASSWORD}
    assert client.post("/accounts/login/", sign_in_with).url == "/lists/"
    assert client.get(link).status_code == client.post(link).status_code == 410


def test_who_is_signed_in_comes_back_to_the_settings(sign_in, alice, link):
    assert sign_in(alice).post(link).url == "/accounts/settings/"


@pytest.mark.slow
@pytest.mark.parametrize("taken", ["bob@example.com", "BOB@example.com", "bob@other.example.com"])
def test_taken_addresses_get_the_same_answer_and_no_mail(sign_in, alice, bob, delivered, taken):
    bob.emailaddress_set.create(email="bob@other.example.com", verified=True)
    client = sign_in(alice)
    free = client.post(PAGE, {"email": NEW}, follow=True)
    refused = client.post(PAGE, {"email": taken}, follow=True)
    assert free.redirect_chain == refused.redirect_chain
    said = [str(next(iter(page.context["messages"]))) for page in (free, refused)]
    assert said[0].replace(NEW, "") == said[1].replace(taken.lower(), "")
    assert [mail.to for mail in delivered()] == [[NEW]]


def test_addresses_of_banned_people_get_the_same(sign_in, alice, bob, delivered):
    bob.ban()
    assert sign_in(alice).post(PAGE, {"email": bob.email}).status_code == 302
    assert delivered() == []


def test_an_address_taken_meanwhile_is_refused(client, alice, make_user, link):
    make_user("Dora")
    User.objects.filter(name="Dora").update(email=NEW)
    assert client.post(link).status_code == 410
    alice.refresh_from_db()
    assert alice.email == "alice@example.com"


@pytest.mark.parametrize("what", ["password", "ban", "sessions", "address"])
def test_a_link_dies_with_what_it_was_made_for(client, alice, link, what):
    alice.refresh_from_db()
    if what == "password":
        alice.set_password("barnacles everywhere")
        alice.save()
    elif what == "ban":
        alice.ban()
    elif what == "sessions":
        alice.end_sessions()
        alice.save()
    else:
        alice.change_email("alice@third.example.com")
    assert client.get(link).status_code == 410
    assert client.post(link).status_code == 410


def test_a_link_dies_of_age(client, alice, link, settings):
    settings.PASSWORD_RESET_TIMEOUT = -1
    assert client.post(link).status_code == 410


@pytest.mark.parametrize("key", ["1", "x:y", "1:", ":::", "9" * 30 + ":x", "٣:x", "1:x\0"])
def test_made_up_links_are_nothing(client, alice, key):
    assert change.confirm(key) is None


@pytest.mark.parametrize("bad", ["", "nonsense", "a\0@example.com", "x" * 260 + "@example.com", "alice@example.com"])
def test_bad_addresses_come_back(sign_in, alice, delivered, bad):
    assert sign_in(alice).post(PAGE, {"email": bad}).status_code == 422
    assert delivered() == []


def test_it_needs_a_fresh_session(client, sign_in, alice):
    assert client.get(PAGE).url.startswith("/accounts/login/")
    stale = sign_in(alice)
    session = stale.session
    session[FRESH_KEY] = 0
    session.save()
    assert stale.post(PAGE, {"email": NEW}).url.startswith("/accounts/reauthenticate/")
    assert stale.get(PAGE).url.startswith("/accounts/reauthenticate/")


@pytest.mark.django_db(transaction=True)
def test_of_two_who_want_an_address_at_once_one_gets_it(alice, bob):
    keys = [change._key(person, NEW) for person in (alice, bob)]
    results = at_once(*(lambda key=key: change.confirm(key) for key in keys))
    assert sorted(result is None for result in results) == [False, True], results
    assert User.objects.filter(email=NEW).count() == 1
