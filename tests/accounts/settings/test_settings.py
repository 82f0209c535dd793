import zoneinfo

import pytest
from django.http import HttpResponse
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from accounts.invitations import onboarding
from accounts.models import User
from accounts.session_store import SessionStore
from accounts.web.context import member
from accounts.web.middleware import member_context
from project.lib import logs
from todos.models import TodoList
from workflows.testing import advance

SETTINGS, THEME = "/accounts/settings/", "/accounts/theme/"
GOOD = {"name": "Alice Archer", "time_zone": "Asia/Tokyo"}


def test_a_member_chooses_name_and_zone(sign_in, alice):
    response = sign_in(alice).post(SETTINGS, GOOD)
    assert response.status_code == 302
    assert response.url == SETTINGS
    alice.refresh_from_db()
    assert (alice.name, alice.time_zone) == ("Alice Archer", "Asia/Tokyo")


def test_saving_does_not_undo_a_theme_chosen_meanwhile(sign_in, alice):
    client = sign_in(alice)
    client.get(SETTINGS)
    client.post(THEME, {"theme": "dark"})
    client.post(SETTINGS, GOOD | {"theme": "light"})
    alice.refresh_from_db()
    assert alice.theme == "dark"


def test_a_name_is_one_line(sign_in, alice):
    sign_in(alice).post(SETTINGS, GOOD | {"name": "  Alice\r\nBcc:  x "})
    alice.refresh_from_db()
    assert alice.name == "Alice Bcc: x"


@pytest.mark.parametrize(
    "bad",
    [
        {"name": "x" * 101},
        {"name": "a\0b"},
        {"time_zone": "Mars/Olympus"},
        {"time_zone": "../../etc/passwd"},
        {"time_zone": ""},
    ],
)
def test_bad_values_come_back_with_an_error_and_change_nothing(sign_in, alice, bad):
    response = sign_in(alice).post(SETTINGS, GOOD | bad)
    assert response.status_code == 422
    assert set(response.context["form"].errors) == set(bad)
    alice.refresh_from_db()
    assert (alice.name, alice.time_zone) == ("Alice", "UTC")


def test_only_what_differs_is_written(alice, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert not alice.change_settings(name="Alice", theme="system")
    with django_assert_num_queries(1) as queries:
        assert alice.change_settings(name="Alice", theme="dark")
    assert '"name"' not in queries.captured_queries[0]["sql"]


def test_a_members_theme_is_kept_with_the_member(sign_in, alice):
    response = sign_in(alice).post(THEME, {"theme": "dark", "next": "/lists/?q=a"})
    assert response.url == "/lists/?q=a"
    assert "theme" not in response.cookies
    alice.refresh_from_db()
    assert alice.theme == "dark"


@pytest.mark.parametrize("secure", [False, True])
def test_a_visitors_theme_is_kept_in_a_cookie(client, settings, secure):
    settings.SESSION_COOKIE_SECURE = secure
    response = client.post(THEME, {"theme": "dark", "next": "/accounts/login/"})
    cookie = response.cookies["theme"]
    assert (cookie.value, cookie["samesite"], cookie["max-age"]) == ("dark", "Lax", 365 * 24 * 3600)
    assert bool(cookie["secure"]) is secure
    assert response.url == "/accounts/login/"


@pytest.mark.parametrize("value", ["", "pink", "dark; path=/"])
def test_an_unknown_theme_is_refused(client, sign_in, alice, value):
    assert client.post(THEME, {"theme": value}).status_code == 400
    assert sign_in(alice).post(THEME, {"theme": value}).status_code == 400
    alice.refresh_from_db()
    assert alice.theme == "system"


def test_the_theme_is_changed_by_post_only(client):
    assert client.get(THEME).status_code == 405


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "evil", "javascript:x", ""]
)
def test_nobody_is_redirected_elsewhere(client, sign_in, alice, target):
    assert client.post(THEME, {"theme": "dark", "next": target}).url == "/lists/"
    assert sign_in(alice).post(SETTINGS, GOOD | {"next": target}).url == SETTINGS


def themed(request) -> str:
    return Template("{% if theme == 'dark' %}is {{ theme }}{% else %}{{ theme }}{% endif %}").render(
        Context(member(request))
    )


@pytest.mark.parametrize(
    ("cookie", "seen"), [("dark", "is dark"), ("light", "light"), ("pink", "system"), ("", "system"), ("<b>", "system")]
)
def test_pages_know_a_visitors_theme(rf: RequestFactory, cookie, seen):
    rf.cookies["theme"] = cookie
    assert themed(rf.get("/")) == seen


def test_the_members_choice_stands_above_the_cookie(rf: RequestFactory):
    rf.cookies["theme"] = "light"
    request = rf.get("/")
    request.user = User(theme="dark")
    assert themed(request) == "is dark"


def test_pages_without_a_theme_do_not_ask_who_is_there(rf: RequestFactory):
    request = rf.get("/")
    request.user = SimpleLazyObject(lambda: pytest.fail("looked for the member"))  # type: ignore[assignment]
    assert set(member(request)) == {"theme", "home_url"}


def seen_by(client, user) -> tuple:
    seen = []

    def view(request):
        seen.append((timezone.get_current_timezone_name(), logs.user_id()))
        return HttpResponse()

    request = RequestFactory().get("/")
    request.user, request.session = user, SessionStore()
    if user:
        request.COOKIES["sessionid"] = "x"
    member_context(view)(request)
    logs.set_user(None)
    return seen[0]


def test_a_request_is_served_in_the_members_zone_and_logged_with_their_id(client, alice):
    alice.time_zone = "America/New_York"
    assert seen_by(client, alice) == ("America/New_York", alice.pk)
    assert timezone.get_current_timezone_name() == "UTC"


def test_a_zone_this_machine_does_not_know_falls_back(client, alice):
    alice.time_zone = "Mars/Olympus"
    assert seen_by(client, alice)[0] == "UTC"
    assert alice.zone == zoneinfo.ZoneInfo("UTC")


def test_a_visitor_costs_no_query(client, db, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert client.get("/accounts/login/").status_code == 200


def test_people_have_initials_and_a_colour(alice):
    assert (alice.display_name, alice.initials, alice.color_index) == ("Alice", "AL", alice.pk % 8)
    assert User(email="b.c@example.com").initials == "BC"


def test_a_member_chooses_which_mails_come(sign_in, alice, bob, flat, delivered):
    client = sign_in(bob)
    assert 'name="mail_added_to_list"' in client.get(SETTINGS).content.decode()
    client.post(SETTINGS, GOOD | {"mail_tips": "on"})
    bob.refresh_from_db()
    assert bob.unwanted_mails == ["added_to_list"]
    assert (bob.wants("tips"), bob.wants("added_to_list")) == (True, False)
    own = TodoList.create("Allotment", by=alice)
    own.add_member(bob, role="reader", by=alice)
    assert delivered() == []
    client.post(SETTINGS, GOOD | {"mail_added_to_list": "on"})
    bob.refresh_from_db()
    TodoList.create("Another", by=alice).add_member(bob, role="reader", by=alice)
    assert [mail.to for mail in delivered()] == [[bob.email]]


def test_who_wants_no_tips_gets_none(bob, delivered):
    bob.change_settings(unwanted_mails=["tips"])
    onboarding.begin(bob, send_link=False, by=None)
    delivered()
    advance(onboarding.PATIENCE)
    assert delivered() == []


def test_the_language_is_a_choice_where_there_are_several(sign_in, alice, settings):
    client = sign_in(alice)
    assert 'name="language"' not in client.get(SETTINGS).content.decode()
    settings.LANGUAGES = [("en", "English"), ("de", "Deutsch")]
    assert 'name="language"' in client.get(SETTINGS).content.decode()
    assert client.post(SETTINGS, GOOD | {"language": "xx"}).status_code == 422
    client.post(SETTINGS, GOOD | {"language": "de"})
    alice.refresh_from_db()
    assert alice.language_code == "de"
    assert '<html lang="de"' in client.get(SETTINGS).content.decode()
    settings.LANGUAGES = [("en", "English")]
    assert alice.language_code == "en"
    assert '<html lang="en"' in client.get(SETTINGS).content.decode()
