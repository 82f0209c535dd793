"""Neither answer, nor body, nor time tells whether an address has an account."""

import re
import statistics
import time

import pytest
from django.test import Client

TRIES = 30
KNOWN, UNKNOWN = "alice@example.com", "carla@example.com"


def sign_in(email: str):
    return Client().post("/accounts/login/", {"login": email, "password": "wrong"})


def ask_for_a_link(email: str):
    return Client().post("/accounts/password/reset/", {"email": email})


PAGES = [sign_in, ask_for_a_link]


@pytest.fixture(autouse=True)
def no_limits(settings):
    settings.RATE_LIMITS = {name: [] for name in settings.RATE_LIMITS}


@pytest.mark.parametrize("ask", PAGES)
def test_answer_and_body_are_the_same(alice, ask):
    known, unknown = ask(KNOWN), ask(UNKNOWN)
    assert known.status_code == unknown.status_code
    assert known.headers.get("Location") == unknown.headers.get("Location")
    assert set(known.cookies) == set(unknown.cookies)
    assert set(known.headers) == set(unknown.headers)
    assert without_token(known.text).replace(KNOWN, UNKNOWN) == without_token(unknown.text)


def without_token(text: str) -> str:
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", text)


def test_asking_for_a_link_asks_the_same_of_the_database(alice, django_assert_max_num_queries):
    asked = []
    for email in (KNOWN, UNKNOWN):
        with django_assert_max_num_queries(20) as queries:
            ask_for_a_link(email)
        asked.append([query["sql"].partition(" ")[0] for query in queries])
    assert asked[0] == asked[1]


@pytest.mark.slow
@pytest.mark.parametrize("ask", PAGES)
def test_both_take_the_same_time(alice, bob, settings, ask):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
    alice.set_password("kelp holds the rock")
    alice.save()
    took: dict[str, list[float]] = {KNOWN: [], UNKNOWN: []}
    for email in [KNOWN, UNKNOWN] * (TRIES + 2):  # in turns, so that a busy machine slows both
        started = time.perf_counter()
        ask(email)
        took[email].append(time.perf_counter() - started)
    known, unknown = (statistics.median(times[2:]) for times in took.values())
    assert abs(known - unknown) < 0.15 * max(known, unknown)
