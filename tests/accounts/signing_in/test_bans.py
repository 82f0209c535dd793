import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.refusals import LastOperator
from tests.conftest import PASSWORD

pytestmark = pytest.mark.database

PAGE = "/accounts/settings/"
TOMORROW = timedelta(days=1)


def let_it_run_out(user):
    User.objects.filter(pk=user.pk).update(
        banned_at=timezone.now() - 2 * TOMORROW, banned_until=timezone.now() - TOMORROW
    )


def test_a_ban_ends_a_session_at_once(sign_in, bob):
    client = sign_in(bob)
    assert client.get(PAGE).status_code == 200
    assert bob.ban(reason="spam")
    assert client.get(PAGE).status_code == 302


def test_switching_off_ends_a_session_at_once(sign_in, bob):
    client = sign_in(bob)
    User.objects.update(is_active=False)
    assert client.get(PAGE).status_code == 302


def test_a_banned_person_cannot_sign_in(client, bob):
    bob.ban(until=timezone.now() + TOMORROW)
    response = client.post("/accounts/login/", {"login": bob.email, "password": PASSWORD})
    assert response.url == reverse("account_inactive")
    assert "_auth_user_id" not in client.session


def test_after_a_ban_has_run_out_one_signs_in_again_but_old_sessions_stay_ended(client, sign_in, bob):
    old = sign_in(bob)
    bob.ban(until=timezone.now() + TOMORROW)
    let_it_run_out(bob)
    assert old.get(PAGE).status_code == 302
    assert client.post("/accounts/login/", {"login": bob.email, "password": PASSWORD}).url == "/lists/"
    assert client.get(PAGE).status_code == 200


def test_lifting_a_ban_does_not_revive_sessions(sign_in, bob):
    old = sign_in(bob)
    bob.ban()
    assert bob.unban()
    assert not bob.unban()
    assert old.get(PAGE).status_code == 302
    assert sign_in(bob).get(PAGE).status_code == 200


def test_the_same_ban_twice_changes_nothing(bob):
    assert bob.ban(reason="spam")
    since = bob.banned_at
    assert not bob.ban(reason="spam")
    assert bob.banned_at == since
    assert bob.ban(reason="more spam")


def test_active_people_are_found(alice, bob, carol):
    bob.ban(until=timezone.now() + TOMORROW)
    carol.ban(until=timezone.now() + TOMORROW)
    let_it_run_out(carol)
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert list(User.objects.active()) == [carol]
    assert list(User.objects.banned()) == [bob]


def test_the_last_operator_stays(staff, make_user):
    with pytest.raises(LastOperator):
        staff.ban()
    with pytest.raises(LastOperator):
        staff.delete()
    staff.is_superuser = False
    with pytest.raises(ValidationError):
        staff.full_clean()
    make_user("Olga", is_staff=True, is_superuser=True)
    staff.full_clean()
    staff.refresh_from_db()
    assert staff.ban()


def test_a_banned_superuser_is_no_operator(staff, make_user):
    olga = make_user("Olga", is_staff=True, is_superuser=True)
    olga.ban(until=timezone.now() + TOMORROW)
    assert list(User.objects.operators()) == [staff]
    with pytest.raises(LastOperator):
        staff.delete()
    assert olga.delete()


@pytest.mark.parametrize(
    "fields",
    [{"email": "Bob@example.com"}, {"theme": "pink"}, {"ban_reason": "spam"}, {"banned_until": timezone.now()}],
)
def test_the_database_refuses_untruths(bob, fields):
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=bob.pk).update(**fields)


def test_key_rotation_keeps_sessions(sign_in, bob, settings):
    client = sign_in(bob)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another secret key, as long as the first one was"
    assert client.get(PAGE).status_code == 200


def test_superusers_are_locked_where_the_database_can(staff):
    with CaptureQueriesContext(connection) as queries:
        User.objects.keep_an_operator(without=set())
    locks = any("FOR UPDATE" in query["sql"] for query in queries.captured_queries)
    assert locks == connection.features.has_select_for_update


@pytest.mark.django_db(transaction=True)
def test_two_operators_cannot_shut_each_other_out(staff, make_user):
    if not connection.features.has_select_for_update:
        pytest.skip("SQLite has one writer at a time; PostgreSQL is where this can go wrong")
    second = make_user("Olga", is_staff=True, is_superuser=True)
    together = threading.Barrier(2)

    def shut_out(person):
        try:
            together.wait()
            return person.ban()
        except LastOperator:
            return False
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(shut_out, [staff, second])) == [False, True]
    assert User.objects.operators().count() == 1
