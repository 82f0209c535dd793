"""Shutting people out by the pages of the operator console."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.utils import timezone

from accounts import mail
from accounts.admin.bans import LONGEST
from accounts.models import AuditEvent, User
from accounts.sessions.fresh import FRESH_KEY
from tests.accounts.people import PEOPLE, ban, change, errors
from tests.conftest import PASSWORD

SIGN_IN = "/accounts/login/"


def credentials(person, password=PASSWORD):
    return {"login": person.email, "password": password}


def test_a_ban_in_the_admin_ends_sessions_and_is_lifted_again(sign_in, staff, bob):
    client, session = sign_in(staff), sign_in(bob)
    until = timezone.now() + timedelta(days=2)
    page = client.get(f"{PEOPLE}{bob.pk}/change/").content.decode()
    assert f"{PEOPLE}{bob.pk}/ban/" in page
    assert "right away" in client.get(f"{PEOPLE}{bob.pk}/ban/").content.decode()
    ban(client, bob, reason="spam", until_0=f"{until:%Y-%m-%d}", until_1=f"{until:%H:%M:%S}")
    assert bob.is_banned()
    assert (bob.ban_reason, bob.banned_until) == ("spam", until.replace(microsecond=0))
    assert session.get("/accounts/settings/").status_code == 302
    assert "Lift the ban" in client.get(f"{PEOPLE}{bob.pk}/ban/").content.decode()
    ban(client, bob, lift="yes")
    assert (bob.banned_at, bob.banned_until, bob.ban_reason) == (None, None, "")
    assert session.get("/accounts/settings/").status_code == 302
    assert LogEntry.objects.count() == 2
    done = AuditEvent.objects.filter(person=bob, actor=staff).order_by("pk")
    assert list(done.values_list("kind", "detail")) == [("banned", "spam"), ("unbanned", "")]


def test_the_page_of_a_person_bans_nobody(sign_in, staff, bob):
    change(sign_in(staff), bob, banned=True, banned_at_0="2026-01-01", banned_at_1="00:00", name="Robert")
    assert (bob.name, bob.banned_at) == ("Robert", None)


def test_a_page_opened_before_a_ban_does_not_change_it(sign_in, staff, bob):
    client = sign_in(staff)
    bob.ban(reason="spam")
    response = ban(client, bob, seen="", reason="other")
    assert response.status_code == 422
    assert "has just banned" in response.content.decode()
    assert (bob.is_banned(), bob.ban_reason) == (True, "spam")
    older = str(bob.banned_at)
    bob.unban()
    bob.ban(reason="spam")
    ban(client, bob, seen=older, lift="yes")
    assert bob.is_banned()


def test_the_page_can_be_left_and_its_icons_are_there(sign_in, staff, bob):
    page = sign_in(staff).get(f"{PEOPLE}{bob.pk}/ban/").content.decode()
    assert f'class="closelink" role="button" href="{PEOPLE}{bob.pk}/change/"' in page
    assert "admin/css/widgets" in page


def test_operators_do_not_ban_themselves(sign_in, staff, second):
    assert ban(sign_in(staff), staff).status_code == 403
    assert staff.may_sign_in()


def test_banning_needs_a_fresh_session(sign_in, staff, bob):
    client = sign_in(staff)
    session = client.session
    session[FRESH_KEY] = 0
    session.save()
    assert ban(client, bob).url.startswith("/accounts/reauthenticate/")
    assert not bob.is_banned()


def test_who_may_not_change_people_bans_nobody(sign_in, make_user, alice, bob):
    looker = make_user("Lou", is_staff=True)
    assert ban(sign_in(looker), bob).status_code == 403
    assert ban(sign_in(alice), bob).status_code == 302
    assert not bob.is_banned()


def test_operators_do_not_switch_themselves_off(sign_in, staff, second):
    client = sign_in(staff)
    assert "You can&#x27;t lock yourself out" in errors(change(client, staff, is_active=False))
    assert staff.may_sign_in()
    assert client.get(PEOPLE).status_code == 200


def test_switching_off_and_on_does_not_revive_sessions(sign_in, staff, bob):
    client, session = sign_in(staff), sign_in(bob)
    change(client, bob, is_active=False)
    change(client, bob, is_active=True)
    assert bob.is_active
    assert session.get("/accounts/settings/").status_code == 302


@pytest.mark.parametrize(
    "bad",
    [
        *(
            {"reason": "x" * 501},
            {"reason": "a\0b"},
            {"until_0": "2001-01-01", "until_1": "00:00:00"},
            {"until_0": "x"},
        ),
        *({"until_0": day, "until_1": "23:59:59"} for day in ("9999-12-31", "0001-01-01", "2199-01-01")),
    ],
)
@pytest.mark.parametrize("time_zone", ["Asia/Tokyo", "America/Lima"])
def test_a_ban_that_makes_no_sense_is_refused(sign_in, staff, bob, bad, time_zone):
    User.objects.update(time_zone=time_zone)
    assert ban(sign_in(staff), bob, **bad).status_code == 422
    assert bob.banned_at is None


@pytest.mark.parametrize("loss", [{"is_superuser": False}, {"is_active": False}])
def test_the_last_operator_cannot_be_lost_by_a_form(sign_in, staff, loss):
    assert "last superuser" in errors(change(sign_in(staff), staff, **loss))
    assert staff.is_superuser
    assert staff.may_sign_in()


def test_the_last_operator_cannot_be_banned(sign_in, staff, second):
    client = sign_in(staff)
    User.objects.filter(pk=staff.pk).update(is_superuser=False)  # meanwhile, before the lock is taken
    staff.refresh_from_db()
    User.objects.filter(pk=second.pk).update(is_superuser=True)
    assert ban(client, second).status_code == 403
    User.objects.filter(pk=staff.pk).update(is_superuser=True)
    ban(client, second)
    assert second.is_banned()
    assert list(User.objects.operators()) == [staff]


@pytest.mark.parametrize("loss", [{"is_superuser": False}, {"is_active": False}])
def test_with_a_second_operator_it_can(sign_in, staff, second, loss):
    change(sign_in(staff), second, **loss)
    assert list(User.objects.operators()) == [staff]


def test_the_reason_is_told_after_the_right_password_and_once(client, bob):
    bob.time_zone = "Europe/Berlin"
    bob.save()
    bob.ban(until=timezone.now() + timedelta(days=3), reason="Spam in every list")
    client.post(SIGN_IN, credentials(bob, "wrong password"))
    assert "Spam" not in client.get("/accounts/inactive/").content.decode()
    page = client.post(SIGN_IN, credentials(bob), follow=True).content.decode()
    assert "Spam in every list" in page
    assert "(Europe/Berlin)" in page
    assert "_auth_user_id" not in client.session
    assert "Spam" not in client.get("/accounts/inactive/").content.decode()


@pytest.mark.parametrize("time_zone", ["Asia/Tokyo", "America/Lima"])
def test_the_longest_ban_is_told(client, sign_in, staff, bob, time_zone):
    User.objects.update(time_zone=time_zone)
    operator, until = sign_in(staff), timezone.now() + LONGEST - timedelta(days=2)
    ban(operator, bob, until_0=f"{until:%Y-%m-%d}", until_1="23:59:59")
    assert operator.get(f"{PEOPLE}{bob.pk}/change/").status_code == 200
    assert str(until.year) in client.post(SIGN_IN, credentials(bob), follow=True).content.decode()


def test_a_ban_without_end_says_so(client, bob):
    bob.ban()
    assert "The ban is permanent" in client.post(SIGN_IN, credentials(bob), follow=True).content.decode()


def test_a_banned_person_gets_no_mail(bob, delivered):
    mail.send_mail("accounts/invitations/mail/tip", to=bob, context={})
    bob.ban(reason="spam")
    assert not mail.send_mail("accounts/invitations/mail/tip", to=bob, context={})
    assert not mail.send_mail("accounts/invitations/mail/tip", to=bob.email, context={})
    assert delivered() == []
