from datetime import timedelta

import pytest
from django.contrib.sessions.backends.base import UpdateError
from django.http import HttpResponse
from django.test import Client
from django.urls import clear_url_caches, path
from django.utils import timezone

from accounts.models import AuditEvent, AuditKind
from accounts.sessions import fresh
from project import urls
from tests.conftest import PASSWORD

CHANGE = "/accounts/password/change/"
REAUTHENTICATE = "/accounts/reauthenticate/"
CONTINUE = "/accounts/continue/"
NEW = {"oldpassword": PASSWORD, "password1": "a wholly new kelp", "password2": "a wholly new kelp"}


@pytest.fixture
def later(monkeypatch):
    """Return a function that moves the clock on."""
    now = timezone.now

    def move(seconds: float) -> None:
        monkeypatch.setattr(timezone, "now", lambda: now() + timedelta(seconds=seconds))

    return move


@pytest.fixture
def form_view(monkeypatch, settings):
    """Return what a sensitive page got posted: a stand-in for the change of the password."""
    got: list = []

    @fresh.fresh_session_required
    def view(request):
        got.append(dict(request.POST.lists()))
        return HttpResponse("done")

    monkeypatch.setattr(urls, "urlpatterns", [path("sensitive/", view), *urls.urlpatterns])
    clear_url_caches()
    yield got
    clear_url_caches()


def test_a_sign_in_counts_for_299_seconds_and_not_for_301(client, alice, later):
    client.post("/accounts/login/", {"login": alice.email, "password": PASSWORD})
    later(299)
    assert client.get(CHANGE).status_code == 200
    later(301)
    assert client.get(CHANGE).url == f"{REAUTHENTICATE}?next=%2Faccounts%2Fpassword%2Fchange%2F"


def test_so_does_a_confirmation(sign_in, alice, later):
    client = sign_in(alice)
    later(1000)
    asked = client.get(CHANGE).url
    assert client.get(asked).status_code == 200
    assert client.post(asked, {"password": "wrong"}).status_code == 200
    assert client.get(CHANGE).status_code == 302
    assert client.post(asked, {"password": PASSWORD}).url == CHANGE
    later(1299)
    assert client.get(CHANGE).status_code == 200
    later(1301)
    assert client.get(CHANGE).status_code == 302
    assert [event.person for event in AuditEvent.objects.filter(kind=AuditKind.REAUTHENTICATED)] == [alice]


def test_a_sensitive_form_is_not_taken_from_a_stale_session(sign_in, alice, later):
    client = sign_in(alice)
    later(301)
    assert client.post(CHANGE, NEW).status_code == 302
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)


def test_a_confirmation_changes_the_key_of_the_session(sign_in, alice):
    client = sign_in(alice)
    thief = Client()
    thief.cookies["sessionid"] = before = client.cookies["sessionid"].value
    assert thief.get("/lists/").status_code == 200
    client.post(REAUTHENTICATE, {"password": PASSWORD})
    assert client.cookies["sessionid"].value != before
    assert client.get("/lists/").status_code == 200
    assert thief.get("/lists/").status_code == 302


def test_a_sign_in_changes_the_key_of_the_session(client, alice):
    """An attacker who makes a victim sign in within a session of theirs does not get in with it."""
    client.get("/accounts/password/reset/key/1-set-password/")
    session = client.session
    session["planted"] = True
    session.save()
    client.cookies["sessionid"] = before = session.session_key
    client.post("/accounts/login/", {"login": alice.email, "password": PASSWORD})
    assert client.cookies["sessionid"].value != before
    attacker = Client()
    attacker.cookies["sessionid"] = before
    assert attacker.get("/lists/").status_code == 302
    with pytest.raises(UpdateError):
        session.save()


def test_a_filled_form_waits_and_is_sent_with_one_click(sign_in, alice, later, form_view):
    client = sign_in(alice)
    later(301)
    posted = {"text": "Zwölf <b>Boote</b>", "rows": ["3", "1"], "empty": "", "csrfmiddlewaretoken": "x"}
    asked = client.post("/sensitive/?page=2", posted).url
    assert asked == f"{REAUTHENTICATE}?next=%2Faccounts%2Fcontinue%2F"
    assert form_view == []
    assert client.post(asked, {"password": PASSWORD}).url == CONTINUE
    assert form_view == []
    page = client.get(CONTINUE)
    assert page.context["form"]["path"] == "/sensitive/?page=2"
    fields: dict = {}
    for name, value in page.context["form"]["fields"]:
        fields.setdefault(name, []).append(value)
    assert fields == {"text": ["Zwölf <b>Boote</b>"], "rows": ["3", "1"], "empty": [""]}
    assert 'value="Zwölf &lt;b&gt;Boote&lt;/b&gt;"' in page.text
    assert client.post("/sensitive/?page=2", fields).status_code == 200
    assert form_view == [fields]
    assert client.get(CONTINUE).url == "/lists/"


def test_passwords_and_codes_are_never_kept(sign_in, alice, later, form_view):
    client = sign_in(alice)
    later(301)
    client.post("/sensitive/", {"email": "new@example.com", "Password": "secret words", "code": "123456"})
    assert client.session[fresh.FORM_KEY]["fields"] == [["email", "new@example.com"]]
    assert client.session[fresh.FORM_KEY]["left_out"]
    assert "secret words" not in str(dict(client.session))


@pytest.mark.parametrize("fields", [NEW, {"text": "x" * (fresh.LARGEST_FORM + 1)}], ids=["nothing else", "too much"])
def test_where_nothing_can_be_kept_the_way_leads_back_to_the_page(sign_in, alice, later, form_view, fields):
    client = sign_in(alice)
    later(301)
    assert client.post("/sensitive/", fields).url == f"{REAUTHENTICATE}?next=%2Fsensitive%2F"
    assert fresh.FORM_KEY not in client.session


def test_a_form_waits_for_ten_minutes(sign_in, alice, later, form_view):
    client = sign_in(alice)
    later(301)
    client.post("/sensitive/", {"text": "x"})
    later(301 + 599)
    assert client.get(CONTINUE).status_code == 200
    later(301 + 601)
    assert client.get(CONTINUE).url == "/lists/"


def test_the_form_of_one_person_does_not_wait_for_the_next(sign_in, alice, bob, later, form_view):
    client = sign_in(alice)
    later(301)
    client.post("/sensitive/", {"text": "x"})
    client.post("/accounts/logout/")
    client.post("/accounts/login/", {"login": bob.email, "password": PASSWORD})
    assert client.get(CONTINUE).url == "/lists/"


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"]
)
def test_the_way_on_does_not_lead_elsewhere(sign_in, alice, target):
    assert sign_in(alice).post(REAUTHENTICATE, {"password": PASSWORD, "next": target}).url == "/lists/"
