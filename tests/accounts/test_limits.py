"""Too many tries: 429 with the time to wait, before any password is looked at."""

from collections.abc import Callable
from ipaddress import ip_network
from types import SimpleNamespace

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core.cache import cache, caches
from django.db import transaction
from django.test import Client, RequestFactory
from django_ratelimit.checks import check_caches
from django_ratelimit.core import _get_window, _split_rate
from redis.exceptions import ConnectionError as NoRedis

from accounts import addresses, auditing, limited, limits
from accounts.adapter import AccountAdapter
from accounts.models import AuditEvent, AuditKind
from tests.at_once import at_once
from tests.conftest import PASSWORD

LOGIN = "/accounts/login/"
REAUTHENTICATE = "/accounts/reauthenticate/"
RESET = "/accounts/password/reset/"
LOOPBACK = ip_network("127.0.0.0/8")


@pytest.fixture(autouse=True)
def clock(monkeypatch) -> SimpleNamespace:
    """Hold the windows' clock, so that no window ends between two tries; `clock.now` moves it."""
    held = SimpleNamespace(now=1_800_000_000.0)
    monkeypatch.setattr("django_ratelimit.core.time", SimpleNamespace(time=lambda: held.now))
    return held


@pytest.fixture
def hashed(monkeypatch) -> list[str]:
    """The passwords that were looked at."""
    seen: list[str] = []
    encode = MD5PasswordHasher.encode

    def counted(self, password, salt):
        seen.append(password)
        return encode(self, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", counted)
    return seen


def try_to_sign_in(client=None, email="alice@example.com", password="wrong", **extra):
    return (client or Client()).post(LOGIN, {"login": email, "password": password}, **extra)


def try_by_the_admin(client=None, **_):
    """The admin's own form, should it come back: an anonymous post is led to the one door, and goes through it."""
    client = client or Client()
    response = client.post("/admin/login/", {"username": "alice@example.com", "password": "wrong"})
    assert (response.status_code, response.url.partition("?")[0]) == (302, LOGIN)
    return client.post(response.url, {"login": "alice@example.com", "password": "wrong"})


def try_with_json(client=None, **_):
    return try_to_sign_in(client, headers={"accept": "application/json", "x-requested-with": "XMLHttpRequest"})


def try_with_htmx(client=None, **_):
    return try_to_sign_in(client, headers={"hx-request": "true"})


def assert_limited(response, *, seconds: int = 10):
    assert response.status_code == 429
    assert 1 <= int(response["Retry-After"]) <= seconds


DOORS = {"page": try_to_sign_in, "admin": try_by_the_admin, "json": try_with_json, "htmx": try_with_htmx}


@pytest.mark.parametrize("door", DOORS)
def test_the_fourth_try_within_ten_seconds_looks_at_no_password(alice, hashed, door):
    for _ in range(3):
        assert DOORS[door]().status_code in {200, 400}
    hashed.clear()
    assert_limited(DOORS[door]())
    assert_limited(try_to_sign_in(password=PASSWORD))
    assert hashed == []


def test_reauthentication_goes_through_the_same_door(sign_in, alice, hashed):
    client = sign_in(alice)
    tries = [try_to_sign_in, lambda: client.post(REAUTHENTICATE, {"password": "wrong"})]
    assert [tries[number % 2]().status_code for number in range(3)] == [200, 200, 200]
    hashed.clear()
    assert_limited(client.post(REAUTHENTICATE, {"password": PASSWORD}))
    assert_limited(try_to_sign_in())
    assert hashed == []


def test_successful_sign_ins_count_as_tries_too(alice):
    assert [try_to_sign_in(password=PASSWORD).status_code for _ in range(4)] == [302, 302, 302, 429]


def test_unknown_addresses_are_limited_alike(db):
    answers = [try_to_sign_in(email="nobody@example.com").status_code for _ in range(4)]
    assert answers == [200, 200, 200, 429]


def test_the_wait_is_what_is_left_of_the_window(alice, clock):
    waits = set()
    for second in range(10):
        cache.clear()
        clock.now = 1_800_000_000.0 + second
        for _ in range(3):
            try_to_sign_in()
        wait = int(try_to_sign_in()["Retry-After"])
        clock.now += wait - 1
        assert try_to_sign_in().status_code == 429
        clock.now += 1
        assert try_to_sign_in().status_code == 200
        waits.add(wait)
    assert waits == set(range(1, 11))


def test_the_page_says_when_to_try_again(alice):
    for _ in range(3):
        try_to_sign_in()
    response = try_to_sign_in()
    assert "Too many tries" in response.text
    wait = response["Retry-After"]
    assert f"Try again in {wait} second" in response.text
    assert try_with_json().json() == {"error": {"code": "too_many_requests", "message": str(limits.Limited(int(wait)))}}


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(1, "in 1 second."), (99, "in 99 seconds."), (100, "in 2 minutes."), (3600, "in 60 minutes.")],
)
def test_long_waits_are_told_in_minutes(seconds, words):
    assert str(limits.Limited(seconds)) == f"Try again {words}"


@pytest.mark.parametrize(
    ("spelled", "otherwise"),
    [
        ("alice@example.com", " Alice@EXAMPLE.com\t"),
        ("alice@example.com", "\uff21lice@example.com"),  # a full-width A
        ("zo\u00eb@example.com", "ZOE\u0308@example.com"),  # composed and not
        ("strasse@example.com", "stra\u00dfe@example.com"),
    ],
)
def test_all_spellings_of_an_address_share_a_bucket(spelled, otherwise):
    assert limits.account_key(spelled) == limits.account_key(otherwise)
    assert limits.account_key(spelled) != limits.account_key(f"x{spelled}")


def test_spelling_an_address_otherwise_gives_no_more_tries(alice):
    spellings = ["alice@example.com", " ALICE@example.com ", "Alice@Example.Com", "aLICE@EXAMPLE.COM"]
    assert [try_to_sign_in(email=spelling).status_code for spelling in spellings] == [200, 200, 200, 429]


def test_neither_another_address_nor_another_account_is_held_up(alice, bob):
    for _ in range(4):
        try_to_sign_in()
    assert try_to_sign_in(email=bob.email).status_code == 200
    assert try_to_sign_in(REMOTE_ADDR="192.0.2.9").status_code == 200


def test_headers_of_who_is_no_proxy_do_not_help(alice):
    spoofed = [
        {"x-forwarded-for": "192.0.2.1"},
        {"cf-connecting-ip": "192.0.2.2"},
        {"x-real-ip": "192.0.2.3"},
        {"forwarded": "for=192.0.2.4"},
    ]
    assert [try_to_sign_in(headers=headers).status_code for headers in spoofed] == [200, 200, 200, 429]


def test_one_customers_addresses_count_as_one(alice):
    places = ["2001:db8::1", "2001:db8::2", "2001:db8:0:0:ffff::9", "2001:db8::3"]
    assert [try_to_sign_in(REMOTE_ADDR=place).status_code for place in places] == [200, 200, 200, 429]


def fail(number: int, clock, **extra) -> list[int]:
    """Fail so often, slowly enough for the limit of three in ten seconds."""
    answers = []
    for _ in range(number):
        answers.append(try_to_sign_in(**extra).status_code)
        clock.now += 10
    return answers


@pytest.fixture
def fresh_window(clock):
    """Start a window of five minutes and of an hour for Alice here, with most of both ahead."""

    def left(rate: str, value: str) -> float:
        return _get_window(value, _split_rate(rate)[1]) - clock.now

    key = limits.account_key("alice@example.com")
    while left("5/5m", f"{key} 127.0.0.1") < 200 or left("30/1h", key) < 2000:
        clock.now += 1


def test_five_failures_shut_an_account_for_this_address(alice, clock, fresh_window, hashed):
    assert fail(6, clock) == [200] * 5 + [429]
    hashed.clear()
    response = try_to_sign_in(password=PASSWORD)
    assert_limited(response, seconds=300)
    assert int(response["Retry-After"]) > 10
    assert hashed == []
    assert try_to_sign_in(password=PASSWORD, REMOTE_ADDR="192.0.2.9").status_code == 302
    clock.now += int(response["Retry-After"])
    assert try_to_sign_in(password=PASSWORD).status_code == 302


def test_right_passwords_are_no_failures(alice, clock, fresh_window):
    assert fail(10, clock, password=PASSWORD) == [302] * 10


def test_an_office_behind_one_address_can_sign_in(make_user):
    people = [make_user(f"P{number}") for number in range(31)]
    answers = [try_to_sign_in(email=person.email, password=PASSWORD).status_code for person in people]
    assert answers == [302] * 30 + [429]


def test_nobody_is_shut_out_for_all_where_the_proxy_does_not_tell_addresses(make_user, settings):
    settings.TRUSTED_PROXIES = [LOOPBACK]
    people = [make_user(f"P{number}") for number in range(31)]
    answers = {try_to_sign_in(email=person.email, password=PASSWORD).status_code for person in people}
    assert answers == {302}
    assert [try_to_sign_in(email=people[0].email).status_code for _ in range(3)] == [200, 200, 429]


def guess_from_everywhere(number: int) -> list[int]:
    return [try_to_sign_in(REMOTE_ADDR=f"198.51.100.{place}").status_code for place in range(number)]


def test_guessing_from_everywhere_is_stopped_and_spares_where_the_person_was_before(alice, clock, fresh_window):
    with addresses.serving(RequestFactory().get("/", REMOTE_ADDR="2001:db8:7::1")):
        auditing.record(AuditKind.SIGNED_IN, person=alice, actor=alice)
    assert guess_from_everywhere(31) == [200] * 30 + [429]
    assert try_to_sign_in(password=PASSWORD, REMOTE_ADDR="192.0.2.9").status_code == 429
    assert try_to_sign_in(password=PASSWORD, REMOTE_ADDR="2001:db8:7::2").status_code == 302
    assert try_to_sign_in(email="bob@example.com", REMOTE_ADDR="192.0.2.9").status_code == 200


def test_a_failure_is_counted_although_its_request_is_rolled_back(alice, clock, fresh_window):
    for _ in range(5):
        with transaction.atomic():
            assert try_to_sign_in().status_code == 200
            transaction.set_rollback(True)
        clock.now += 10
    assert try_to_sign_in().status_code == 429


def test_tries_without_a_token_are_not_counted(alice):
    client = Client(enforce_csrf_checks=True)
    assert {try_to_sign_in(client).status_code for _ in range(4)} == {403}
    assert try_to_sign_in(password=PASSWORD).status_code == 302


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
    assert "'sign_in' cannot be kept" in caplog.text


def test_without_the_store_members_go_on(sign_in, alice, flat, no_store, caplog):
    client = sign_in(alice)
    no_store()
    assert client.get(f"{flat.get_absolute_url()}?q=tiles").status_code == 200
    assert client.post(REAUTHENTICATE, {"password": PASSWORD}).status_code == 503
    assert client.post(RESET, {"email": alice.email}).status_code == 503
    assert "'search' is not kept" in caplog.text


def test_a_store_that_forgets_counters_is_down(alice, monkeypatch):
    monkeypatch.setattr(type(caches["default"]), "add", lambda *_args, **_kwargs: False)
    assert try_to_sign_in().status_code == 503


@pytest.mark.django_db(transaction=True)
def test_tries_at_once_are_counted_one_by_one(alice, hashed):
    hashed.clear()
    answers = at_once(*[lambda: try_to_sign_in().status_code] * 8)
    assert sorted(answers) == [200] * 3 + [429] * 5
    assert len(hashed) == 3


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
    assert set(settings.RATE_LIMITS) == set(limited.LABELS) >= settings.RATE_LIMITS_OPEN
    request = rf.post("/")
    request.user = SimpleNamespace()
    for name in settings.RATE_LIMITS:
        limits.check(name, request, account="alice@example.com")


def test_being_limited_is_recorded_once_in_a_window(alice, clock):
    for _ in range(8):
        try_to_sign_in()
    event = AuditEvent.objects.get(kind=AuditKind.LIMITED)
    assert (event.person, event.address) == (alice, "127.0.0.1")
    assert "Signing in" in event.detail


def test_the_check_of_the_library_lets_our_store_pass_and_no_other(settings):
    assert [message.id for message in check_caches(None)] == ["django_ratelimit.W001"]
    assert "django_ratelimit.W001" in settings.SILENCED_SYSTEM_CHECKS
    assert "django_ratelimit.E003" not in settings.SILENCED_SYSTEM_CHECKS
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    assert "django_ratelimit.E003" in {message.id for message in check_caches(None)}


def test_allauth_hears_the_same_address(rf, settings):
    assert AccountAdapter().get_client_ip(rf.get("/", headers={"x-forwarded-for": "192.0.2.7"})) == "127.0.0.1"
    settings.TRUSTED_PROXIES = [LOOPBACK]
    assert AccountAdapter().get_client_ip(rf.get("/", headers={"x-forwarded-for": "192.0.2.7"})) == "192.0.2.7"
    assert AccountAdapter().get_client_ip(rf.get("/")) == "0.0.0.0"
