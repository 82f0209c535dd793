"""Operators see who is limited now, and let them try again."""

from types import SimpleNamespace

import pytest
from django.contrib.auth.models import Permission
from django.core.cache import cache

from accounts.limits import notes
from accounts.models import AuditEvent, AuditKind
from tests.accounts.limits.tries import try_to_sign_in
from tests.accounts.people import PEOPLE
from tests.conftest import PASSWORD

LIMITS = f"{PEOPLE}limits/"
CLEAR = f"{LIMITS}clear/"

pytestmark = [pytest.mark.cache, pytest.mark.usefixtures("long_window")]


@pytest.fixture
def long_window(clock, settings, monkeypatch):
    """Let everyone's windows have just begun, and be long: a note ends by the real clock, whatever this one says."""
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"sign_in": [("3/1h", "account and address")]}
    monkeypatch.setattr("django_ratelimit.core.zlib", SimpleNamespace(crc32=lambda _value: 0))
    clock.now += 1


@pytest.fixture
def shut(alice):
    """Alice after four tries."""
    for _ in range(4):
        try_to_sign_in()
    return alice


@pytest.fixture
def make_helper(make_user):
    def make(*permissions: str):
        user = make_user("Hilda", is_staff=True)
        user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
        return user

    return make


def counters() -> list[str]:
    return [note.counter for note in notes.current()]


def test_who_is_limited_is_shown_with_place_rule_and_end(sign_in, staff, shut):
    page = sign_in(staff).get(LIMITS)
    [(note, person, may_clear)] = page.context["rows"]
    assert (person, note.address, note.name, may_clear) == (shut, "127.0.0.1", "sign_in", True)
    assert "Signing in too quickly" in page.text
    assert LIMITS in sign_in(staff).get(PEOPLE).text


def test_an_address_that_nobody_has_is_not_shown(sign_in, staff):
    for _ in range(4):
        try_to_sign_in(email="secret@example.com")
    page = sign_in(staff).get(LIMITS)
    assert "Unknown person" in page.text
    assert "secret@example.com" not in page.text
    assert AuditEvent.objects.get(kind=AuditKind.LIMITED).person is None


def test_clearing_lets_the_person_try_at_once_and_is_recorded(sign_in, staff, shut):
    assert try_to_sign_in(password=PASSWORD).status_code == 429
    response = sign_in(staff).post(CLEAR, {"counter": counters()[0]}, follow=True)
    assert "The limit was cleared" in response.text
    assert "Nobody is limited at the moment" in response.text
    assert try_to_sign_in(password=PASSWORD).status_code == 302
    event = AuditEvent.objects.get(kind=AuditKind.LIMIT_CLEARED)
    assert (event.person, event.actor) == (shut, staff)


def test_after_clearing_the_next_excess_is_noted_again(sign_in, staff, shut):
    sign_in(staff).post(CLEAR, {"counter": counters()[0]})
    for _ in range(4):
        try_to_sign_in()
    assert len(counters()) == 1
    assert AuditEvent.objects.filter(kind=AuditKind.LIMITED).count() == 2


@pytest.mark.parametrize("counter", ["", "nonsense", "limited:next"])
def test_what_is_no_limit_any_more_is_not_cleared(sign_in, staff, shut, counter):
    cache.set("nonsense", 1)
    response = sign_in(staff).post(CLEAR, {"counter": counter}, follow=True)
    assert "already ended" in response.text
    assert cache.get("nonsense") == 1
    assert len(counters()) == 1


def test_clearing_twice_says_so(sign_in, staff, shut):
    client, data = sign_in(staff), {"counter": counters()[0]}
    client.post(CLEAR, data)
    assert "already ended" in client.post(CLEAR, data, follow=True).text
    assert AuditEvent.objects.filter(kind=AuditKind.LIMIT_CLEARED).count() == 1


def test_who_may_only_look_clears_nothing(sign_in, make_helper, shut):
    client = sign_in(make_helper("view_user"))
    page = client.get(LIMITS)
    assert shut.email in page.text
    assert CLEAR not in page.text
    assert client.post(CLEAR, {"counter": counters()[0]}).status_code == 403
    assert len(counters()) == 1


def test_who_may_change_people_clears_but_not_for_staff(sign_in, make_helper, staff, shut):
    for _ in range(4):
        try_to_sign_in(email=staff.email)
    client = sign_in(make_helper("view_user", "change_user"))
    page = client.get(LIMITS)
    by_person = {person: note.counter for note, person, _may_clear in page.context["rows"]}
    assert {person: may for _note, person, may in page.context["rows"]} == {shut: True, staff: False}
    assert client.post(CLEAR, {"counter": by_person[staff]}).status_code == 403
    assert client.post(CLEAR, {"counter": by_person[shut]}).status_code == 302
    assert counters() == [by_person[staff]]


def test_other_staff_members_and_visitors_see_nothing(client, sign_in, make_helper, alice, shut):
    assert sign_in(make_helper()).get(LIMITS).status_code == 403
    for other in (client, sign_in(alice)):
        assert other.get(LIMITS).status_code == 302
        assert other.post(CLEAR, {"counter": counters()[0]}).status_code == 302
    assert len(counters()) == 1


def test_looking_is_a_get_and_clearing_a_post(sign_in, staff, shut):
    client = sign_in(staff)
    assert client.post(LIMITS).status_code == 405
    assert client.get(CLEAR).status_code == 405


def test_the_number_of_queries_does_not_grow(sign_in, staff, make_user, django_assert_num_queries):
    client = sign_in(staff)

    def limit(*names: str) -> None:
        for name in names:
            person = make_user(name)
            for _ in range(4):
                try_to_sign_in(email=person.email)

    limit("Ann")
    with django_assert_num_queries(3):
        client.get(LIMITS)
    limit("Ben", "Cem", "Dan")
    with django_assert_num_queries(3):
        assert len(client.get(LIMITS).context["rows"]) == 4


def test_the_ring_keeps_the_last_ones_and_says_when_it_is_full(sign_in, staff, alice, monkeypatch):
    monkeypatch.setattr(notes, "SLOTS", 3)
    for number in range(5):
        notes.note(f"counter-{number}", name="sign_in", person=alice, address=None, seconds=60 + number)
    assert counters() == ["counter-4", "counter-3", "counter-2"]
    page = sign_in(staff).get(LIMITS).text
    assert "These are the most recent" in page
    assert "Unknown" in page
