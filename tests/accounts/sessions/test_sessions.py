from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import devices
from accounts import workflows as cleaning
from accounts.models import AuditEvent, AuditKind, Session
from accounts.session_store import SessionStore
from tests.conftest import PASSWORD
from workflows import engine
from workflows.testing import run_until_idle

pytestmark = pytest.mark.database


def test_sessions_that_are_over_are_deleted_in_batches(alice, sign_in, monkeypatch):
    monkeypatch.setattr(cleaning, "BATCH", 2)
    for _ in range(5):
        sign_in(alice)
    Session.objects.update(expire_date=timezone.now() - timedelta(minutes=1))
    session = sign_in(alice)
    run = engine.start(cleaning.clear_sessions, {})
    run_until_idle()
    run.refresh_from_db()
    assert run.output == "5"
    assert [step.result for step in run.steps.filter(kind="transaction").order_by("position")] == ["2", "2", "1", "0"]
    assert session.get("/lists/").status_code == 200


PAGE = "/accounts/sessions/"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0"
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1 Version/19.0 Safari/604.1"


def sign_in_with(device, person, *, address="127.0.0.1") -> Client:
    client = Client(headers={"user-agent": device}, REMOTE_ADDR=address)
    assert client.post("/accounts/login/", {"login": person.email, "password": PASSWORD}).status_code == 302
    return client


def listed(client) -> list:
    return client.get(PAGE).context["sessions"]


def test_a_person_sees_their_sessions(alice, bob):
    phone = sign_in_with(SAFARI, alice, address="198.51.100.7")
    laptop = sign_in_with(FIREFOX, alice, address="2001:db8::1")
    sign_in_with(FIREFOX, bob)
    assert [(row.device, row.address) for row in listed(laptop)] == [
        ("Firefox on Windows", "2001:db8::1"),
        ("Safari on iPhone", "198.51.100.7"),
    ]
    page = phone.get(PAGE)
    assert page.text.count("(here)") == 1
    assert not any(row.pk in page.text for row in listed(phone))  # who knows a key is signed in


@pytest.mark.parametrize(
    ("says", "device"),
    [
        (FIREFOX, "Firefox on Windows"),
        (SAFARI, "Safari on iPhone"),
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Linux"),
        ("Mozilla/5.0 (Linux; Android 16; Pixel 9) AppleWebKit/537.36 Chrome/140.0 Mobile", "Chrome on Android"),
        ("curl/8.5 (Linux)", "Linux"),
        ("<b>", "Unknown device"),
        ("", "Unknown device"),
    ],
)
def test_devices_have_short_names(says, device):
    assert devices.describe(says) == device


def test_one_session_is_ended(alice):
    phone, laptop = sign_in_with(SAFARI, alice), sign_in_with(FIREFOX, alice)
    url = f"{PAGE}{listed(laptop)[1].number}/end/"
    assert laptop.get(url).status_code == 405
    assert laptop.post(url).url == PAGE
    assert phone.get("/lists/").status_code == 302
    assert [row.device for row in listed(laptop)] == ["Firefox on Windows"]
    assert laptop.post(url).status_code == 404
    [event] = AuditEvent.objects.filter(kind=AuditKind.SESSION_ENDED)
    assert (event.person, event.detail) == (alice, "Safari on iPhone")


def test_the_sessions_of_others_are_not_there(alice, mallory):
    client = sign_in_with(FIREFOX, alice)
    thief = sign_in_with(FIREFOX, mallory)
    for number in (listed(client)[0].number, listed(client)[0].pk, "1"):
        assert thief.post(f"{PAGE}{number}/end/").status_code == 404
    assert client.get("/lists/").status_code == 200


def test_all_others_are_ended_at_once(alice, bob):
    others = [sign_in_with(SAFARI, alice) for _ in range(2)]
    client, bobs = sign_in_with(FIREFOX, alice), sign_in_with(FIREFOX, bob)
    assert client.post(f"{PAGE}end-others/").url == PAGE
    assert [other.get("/lists/").status_code for other in others] == [302, 302]
    assert len(listed(client)) == 1
    assert Session.objects.filter(user=alice).count() == 1
    assert bobs.get("/lists/").status_code == 200


def test_a_new_password_ends_the_others(alice):
    phone, laptop = sign_in_with(SAFARI, alice), sign_in_with(FIREFOX, alice)
    new = {"oldpassword": PASSWORD, "password1": "a wholly new kelp", "password2": "a wholly new kelp"}
    assert laptop.post("/accounts/password/change/", new).status_code == 302
    assert phone.get("/lists/").status_code == 302
    assert [row.device for row in listed(laptop)] == ["Firefox on Windows"]


def test_a_ban_ends_all_sessions_for_good(alice, bob):
    client = sign_in_with(SAFARI, bob)
    bob.ban()
    bob.unban()
    assert client.get("/lists/").status_code == 302
    assert [row.device for row in listed(sign_in_with(FIREFOX, bob))] == ["Firefox on Windows"]


def test_ending_asks_for_a_fresh_session(alice, monkeypatch):
    phone, laptop = sign_in_with(SAFARI, alice), sign_in_with(FIREFOX, alice)
    url = f"{PAGE}{listed(laptop)[1].number}/end/"
    now = timezone.now
    monkeypatch.setattr(timezone, "now", lambda: now() + timedelta(seconds=301))
    asked = laptop.post(url).url
    assert phone.get("/lists/").status_code == 200
    assert laptop.post(asked, {"password": PASSWORD}).url == "/accounts/continue/"
    assert laptop.get("/accounts/continue/").context["form"]["path"] == url
    assert laptop.post(url).url == PAGE
    assert phone.get("/lists/").status_code == 302


def test_a_visit_is_noted_once_in_five_minutes(alice, monkeypatch):
    def writes() -> int:
        with CaptureQueriesContext(connection) as queries:
            client.get("/lists/", REMOTE_ADDR="203.0.113.9")
        return sum(query["sql"].startswith(("UPDATE", "INSERT")) for query in queries)

    client = sign_in_with(FIREFOX, alice)
    client.get("/lists/")
    start, now = timezone.now(), timezone.now
    found = []
    for minutes in (0, 4.9, 5, 5.1, 9.9, 10.1):
        monkeypatch.setattr(timezone, "now", lambda minutes=minutes: start + timedelta(minutes=minutes))
        found.append(writes())
    monkeypatch.setattr(timezone, "now", now)
    assert found == [0, 0, 1, 0, 0, 1]
    [row] = Session.objects.filter(user=alice)
    assert (row.seen_at, row.address) == (start + timedelta(minutes=10.1), "203.0.113.9")


def test_the_note_of_a_visit_changes_nothing_else(alice, monkeypatch):
    """Two requests at once: one saves the session, the other merely notes the visit."""
    client = sign_in_with(FIREFOX, alice)
    slow = SessionStore(client.session.session_key)
    assert slow["signed_in"]
    session = client.session
    session["written meanwhile"] = True
    session.save()
    now = timezone.now
    monkeypatch.setattr(timezone, "now", lambda: now() + timedelta(minutes=6))
    assert slow.note_visit(address="203.0.113.9")
    assert client.session["written meanwhile"]


def test_the_page_costs_the_same_for_many_sessions(alice, sign_in):
    client = sign_in_with(FIREFOX, alice)
    client.get(PAGE)

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            client.get(PAGE)
        return len(queries)

    before = cost()
    for _ in range(12):
        sign_in(alice)
    assert cost() == before <= 10


def test_no_page_of_the_operator_shows_a_key(alice, staff, sign_in):
    sign_in_with(FIREFOX, alice)
    client = sign_in(staff)
    keys = set(Session.objects.values_list("pk", flat=True))
    for page in (f"/admin/accounts/user/{alice.pk}/delete/", f"/admin/accounts/user/{alice.pk}/change/"):
        text = client.get(page).text
        assert not any(key in text for key in keys), page
