"""Shutting people out by the form of the operator console."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from tests.accounts.people import PEOPLE, change, errors, values


def test_a_ban_in_the_admin_ends_sessions_and_is_lifted_again(sign_in, staff, bob):
    client, session = sign_in(staff), sign_in(bob)
    until = timezone.now() + timedelta(days=2)
    change(
        client,
        bob,
        banned=True,
        ban_reason="spam",
        banned_until_0=f"{until:%Y-%m-%d}",
        banned_until_1=f"{until:%H:%M:%S}",
    )
    assert bob.is_banned()
    assert bob.ban_reason == "spam"
    assert session.get("/accounts/settings/").status_code == 302
    change(client, bob, banned=False)
    assert (bob.banned_at, bob.banned_until, bob.ban_reason) == (None, None, "")
    assert session.get("/accounts/settings/").status_code == 302


def test_a_form_opened_before_a_ban_does_not_lift_it(sign_in, staff, bob):
    seen = values(bob)
    bob.ban(reason="spam")
    assert "meanwhile" in errors(change(sign_in(staff), bob, **seen))
    assert (bob.is_banned(), bob.ban_reason) == (True, "spam")


def test_a_form_that_shows_an_older_ban_does_not_lift_the_newer(sign_in, staff, bob):
    bob.ban(reason="spam")
    seen = values(bob) | {"banned": False}
    bob.unban()
    bob.ban(reason="spam")
    assert "meanwhile" in errors(change(sign_in(staff), bob, **seen))
    assert bob.is_banned()


@pytest.mark.parametrize("loss", [{"is_active": False}, {"banned": True}])
def test_operators_do_not_shut_themselves_out(sign_in, staff, second, loss):
    client = sign_in(staff)
    assert "You cannot shut yourself out" in errors(change(client, staff, **loss))
    assert staff.may_sign_in()
    assert client.get(PEOPLE).status_code == 200


def test_switching_off_and_on_does_not_revive_sessions(sign_in, staff, bob):
    client, session = sign_in(staff), sign_in(bob)
    change(client, bob, is_active=False)
    change(client, bob, is_active=True)
    assert bob.is_active
    assert session.get("/accounts/settings/").status_code == 302


@pytest.mark.parametrize(
    "bad", [{"ban_reason": "spam"}, {"banned": True, "banned_until_0": "2001-01-01", "banned_until_1": "00:00:00"}]
)
def test_a_ban_that_makes_no_sense_is_refused(sign_in, staff, bob, bad):
    assert errors(change(sign_in(staff), bob, **bad))
    assert bob.banned_at is None


@pytest.mark.parametrize("loss", [{"is_superuser": False}, {"is_active": False}, {"banned": True}])
def test_the_last_operator_cannot_be_lost_by_a_form(sign_in, staff, loss):
    assert "last superuser" in errors(change(sign_in(staff), staff, **loss))
    assert staff.is_superuser
    assert staff.may_sign_in()


@pytest.mark.parametrize("loss", [{"is_superuser": False}, {"is_active": False}, {"banned": True}])
def test_with_a_second_operator_it_can(sign_in, staff, second, loss):
    change(sign_in(staff), second, **loss)
    assert list(User.objects.operators()) == [staff]
