"""The second step of signing in: which codes work, when, and how often."""

import pytest
from allauth.mfa.models import Authenticator

from accounts import factors
from accounts.models import AuditEvent, AuditKind
from tests.accounts.factors.codes import AUTHENTICATE, FACTORS, LOGIN, code, is_in, kinds, with_password
from tests.at_once import at_once

pytestmark = pytest.mark.usefixtures("still_clock")


WEEK = 7 * 24 * 3600


def test_the_password_alone_is_not_enough(alice, app):
    client = with_password(alice, next="/trash/")
    assert not is_in(client)
    assert client.get(AUTHENTICATE).status_code == 200
    assert client.post(AUTHENTICATE, {"code": "000000"}).status_code == 200
    assert not is_in(client)
    assert client.post(AUTHENTICATE, {"code": code()}).url == "/trash/"
    assert is_in(client)


def test_a_ban_before_the_code_keeps_out_and_is_told(alice, app):
    client = with_password(alice)
    alice.ban(reason="Spam")
    response = client.post(AUTHENTICATE, {"code": code()}, follow=True)
    assert "Spam" in response.content.decode()
    assert not is_in(client)
    assert AuditKind.SIGNED_IN not in AuditEvent.objects.values_list("kind", flat=True)


def test_a_ban_that_began_and_ended_before_the_code_keeps_out(alice, app):
    client = with_password(alice)
    alice.ban()
    alice.unban()
    assert client.post(AUTHENTICATE, {"code": code()}).url == LOGIN
    assert not is_in(client)


def test_another_password_before_the_code_keeps_out(alice, app):
    client = with_password(alice)
    alice.set_password("other words 1")
    alice.save()
    response = client.post(AUTHENTICATE, {"code": code()}, follow=True)
    assert "Please sign in again." in response.content.decode()
    assert not is_in(client)


def test_five_wrong_codes_are_let_through_and_right_ones_do_not_count(alice, recovery):
    assert with_password(alice).post(AUTHENTICATE, {"code": recovery[0]}).status_code == 302
    client = with_password(alice)
    assert [client.post(AUTHENTICATE, {"code": "000000"}).status_code for _ in range(6)] == [*[200] * 5, 429]


def test_without_the_password_there_is_no_second_step(client, alice, app):
    assert client.get(AUTHENTICATE).url == LOGIN
    assert client.post(AUTHENTICATE, {"code": code()}).url == LOGIN


def test_the_second_step_changes_the_key_of_the_session(alice, app):
    client = with_password(alice)
    before = client.cookies["sessionid"].value
    client.post(AUTHENTICATE, {"code": code()})
    assert client.cookies["sessionid"].value != before


@pytest.mark.parametrize("steps", [-1, 0, 1])
def test_a_code_of_the_app_works_once(alice, app, steps):
    one, two = with_password(alice), with_password(alice)
    one.post(AUTHENTICATE, {"code": code(steps)})
    two.post(AUTHENTICATE, {"code": code(steps)})
    assert (is_in(one), is_in(two)) == (True, False)
    assert one.post("/accounts/factors/reauthenticate/", {"code": code(steps)}).status_code == 200


@pytest.mark.parametrize("steps", [-2, 2])
def test_codes_of_other_times_do_not_work(alice, app, steps):
    assert factors.spend(alice, code(steps)) is None


def test_a_code_older_than_the_last_used_does_not_work(alice, app):
    assert factors.spend(alice, code(0))
    assert factors.spend(alice, code(-1)) is None
    assert factors.spend(alice, code(1))


def test_a_recovery_code_works_once(alice, recovery):
    one, two = with_password(alice), with_password(alice)
    one.post(AUTHENTICATE, {"code": recovery[3]})
    two.post(AUTHENTICATE, {"code": recovery[3]})
    assert (is_in(one), is_in(two)) == (True, False)
    two.post(AUTHENTICATE, {"code": recovery[4]})
    assert is_in(two)


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_code_lets_one_in(alice, recovery):
    for given in (code(), recovery[0]):
        found = at_once(*[lambda given=given: factors.spend(alice, given) for _ in range(4)])
        assert sum(isinstance(one, Authenticator) for one in found) == 1
        assert found.count(None) == 3


@pytest.mark.parametrize(("box", "lasts"), [({"remember": "on"}, WEEK), ({}, "")])
def test_the_box_counts_with_a_second_factor_too(alice, app, box, lasts):
    client = with_password(alice, **box)
    client.post(AUTHENTICATE, {"code": code()})
    assert is_in(client)
    assert client.cookies["sessionid"]["max-age"] == lasts
    assert client.session.get_expire_at_browser_close() is not bool(box)


def test_a_way_of_signing_in_without_a_box_ends_with_the_browser(sign_in, alice):
    assert sign_in(alice).session.get_expire_at_browser_close()


def test_a_code_confirms_who_it_is(sign_in, alice, app):
    client = sign_in(alice)
    before = client.cookies["sessionid"].value
    assert client.get(f"{FACTORS}reauthenticate/?next=/trash/").status_code == 200
    assert client.post(f"{FACTORS}reauthenticate/", {"code": code(), "next": "/trash/"}).url == "/trash/"
    assert client.cookies["sessionid"].value != before
    assert kinds() == [AuditKind.REAUTHENTICATED]
