"""The other limits: who they count for, what they are called, and what they are counted in."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from django.core.cache import caches
from django.test import Client
from django_ratelimit.checks import check_caches
from redis.exceptions import ConnectionError as NoRedis

from accounts import limits
from accounts.limits import notes
from accounts.signing_in.adapter import AccountAdapter
from tests.accounts.limits.tries import DOORS, LOOPBACK, REAUTHENTICATE, try_to_sign_in
from tests.at_once import at_once
from tests.conftest import PASSWORD

pytestmark = [pytest.mark.cache, pytest.mark.usefixtures("clock")]


RESET = "/accounts/password/reset/"


def test_resets_are_limited_for_each_account_and_each_address(alice, delivered):
    def ask(email):
        return Client().post(RESET, {"email": email}).status_code

    assert [ask(email) for email in ["alice@example.com", " ALICE@example.com "] * 3] == [302] * 5 + [429]
    assert len(delivered()) == 5
    assert [ask(f"nobody{number}@example.com") for number in range(26)] == [302] * 25 + [429]


def test_a_reset_link_is_tried_so_often(alice):
    post = RESET + "key/1-nonsense/"
    assert [Client().post(post).status_code for _ in range(21)] == [200] * 20 + [429]


def test_the_old_password_is_guessed_no_further(sign_in, alice, hashed):
    client = sign_in(alice)
    data = {"oldpassword": "wrong", "password1": "other words 1", "password2": "other words 1"}
    assert [client.post("/accounts/password/change/", data).status_code for _ in range(5)] == [200] * 5
    hashed.clear()
    assert client.post("/accounts/password/change/", data).status_code == 429
    assert hashed == []


def test_what_is_expensive_is_limited_by_member(sign_in, alice, bob, flat, settings):
    settings.RATE_LIMITS = {name: [("1/1h", "actor")] for name in settings.RATE_LIMITS}
    search, members = f"{flat.get_absolute_url()}?q=a", f"{flat.get_absolute_url()}members/"
    for client in (sign_in(alice), sign_in(bob)):
        assert [client.get(search).status_code for _ in range(2)] == [200, 429]
        assert client.get(flat.get_absolute_url()).status_code == 200
        assert [client.post(f"/bulk-adds/new/{flat.pk}/").status_code for _ in range(2)] == [422, 429]
        assert [client.post(members).status_code for _ in range(2)][1] == 429
        assert client.get(members).status_code == 200


@pytest.mark.parametrize("name", ["codes", "invitation", "passkey"])
def test_other_doors_have_limits_of_their_own(rf, alice, settings, name):
    request = rf.post("/")
    request.user = SimpleNamespace()
    most = min(int(rate.partition("/")[0]) for rate, _by in settings.RATE_LIMITS[name])
    for _ in range(most):
        limits.check(name, request, account=alice.email)
    with pytest.raises(limits.Limited):
        limits.check(name, request, account=alice.email)


def test_what_was_given_back_does_not_count(rf, alice):
    request = rf.post("/")
    request.user = alice
    for _ in range(20):
        limits.give_back(limits.check("codes", request, account=alice.email))


def test_every_rule_has_a_name_and_can_be_counted(settings, rf):
    assert set(settings.RATE_LIMITS) == set(notes.labels()) >= settings.RATE_LIMITS_OPEN
    request = rf.post("/")
    request.user = SimpleNamespace()
    for name in settings.RATE_LIMITS:
        limits.check(name, request, account="alice@example.com")


def test_allauth_hears_the_same_address(rf, settings):
    assert AccountAdapter().get_client_ip(rf.get("/", headers={"x-forwarded-for": "192.0.2.7"})) == "127.0.0.1"
    settings.TRUSTED_PROXIES = [LOOPBACK]
    assert AccountAdapter().get_client_ip(rf.get("/", headers={"x-forwarded-for": "192.0.2.7"})) == "192.0.2.7"
    assert AccountAdapter().get_client_ip(rf.get("/")) == "0.0.0.0"


# --- The store of counters -------------------------------------------------------------------------------------------


def down(*_args, **_kwargs):
    raise NoRedis("Connection refused")


@pytest.fixture
def no_store(monkeypatch) -> Callable[[], None]:
    def take_down() -> None:
        for method in ("add", "incr", "get"):
            monkeypatch.setattr(type(caches["default"]), method, down)

    return take_down


@pytest.mark.parametrize("door", DOORS)
def test_without_the_store_nobody_gets_in_and_nothing_breaks(alice, no_store, hashed, caplog, door):
    no_store()
    hashed.clear()
    response = DOORS[door]()
    assert response.status_code == 503
    assert int(response["Retry-After"]) > 0
    assert hashed == []
    assert "'sign_in' cannot be counted" in caplog.text


def test_without_the_store_members_go_on(sign_in, alice, flat, no_store, caplog):
    client = sign_in(alice)
    no_store()
    assert client.get(f"{flat.get_absolute_url()}?q=tiles").status_code == 200
    assert client.post(REAUTHENTICATE, {"password": PASSWORD}).status_code == 503
    assert client.post(RESET, {"email": alice.email}).status_code == 503
    assert "'search' is not enforced" in caplog.text


def test_a_store_that_forgets_counters_is_down(alice, monkeypatch):
    monkeypatch.setattr(type(caches["default"]), "add", lambda *_args, **_kwargs: False)
    assert try_to_sign_in().status_code == 503


@pytest.mark.django_db(transaction=True)
def test_tries_at_once_are_counted_one_by_one(alice, hashed):
    hashed.clear()
    answers = at_once(*[lambda: try_to_sign_in().status_code] * 8)
    assert sorted(answers) == [200] * 3 + [429] * 5
    assert len(hashed) == 3


def test_the_check_of_the_library_lets_our_store_pass_and_no_other(settings):
    assert [message.id for message in check_caches(None)] == ["django_ratelimit.W001"]
    assert "django_ratelimit.W001" in settings.SILENCED_SYSTEM_CHECKS
    assert "django_ratelimit.E003" not in settings.SILENCED_SYSTEM_CHECKS
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    assert "django_ratelimit.E003" in {message.id for message in check_caches(None)}
