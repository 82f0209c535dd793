"""Too many tries: 429 with the time to wait, before any password is looked at."""

import pytest
from django.core.cache import cache
from django.test import Client

from accounts import limits
from accounts.models import AuditEvent, AuditKind
from tests.accounts.limits.tries import DOORS, REAUTHENTICATE, assert_limited, try_to_sign_in, try_with_json
from tests.conftest import PASSWORD

pytestmark = [pytest.mark.cache, pytest.mark.usefixtures("clock")]


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
    assert "Too many attempts" in response.text
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


def test_tries_without_a_token_are_not_counted(alice):
    client = Client(enforce_csrf_checks=True)
    assert {try_to_sign_in(client).status_code for _ in range(4)} == {403}
    assert try_to_sign_in(password=PASSWORD).status_code == 302


def test_being_limited_is_recorded_once_in_a_window(alice, clock):
    for _ in range(8):
        try_to_sign_in()
    event = AuditEvent.objects.get(kind=AuditKind.LIMITED)
    assert (event.person, event.address) == (alice, "127.0.0.1")
    assert "Signing in" in event.detail
