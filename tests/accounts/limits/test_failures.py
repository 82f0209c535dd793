"""Wrong passwords shut an account: for one address after a few, for all but known ones after many."""

import pytest
from django.db import transaction
from django.test import RequestFactory
from django_ratelimit.core import _get_window, _split_rate

from accounts import addresses, audit, limits
from accounts.models import AuditKind
from tests.accounts.limits.tries import LOOPBACK, assert_limited, try_to_sign_in
from tests.conftest import PASSWORD

pytestmark = [pytest.mark.cache, pytest.mark.usefixtures("clock")]


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
        audit.record(AuditKind.SIGNED_IN, person=alice, actor=alice)
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
