"""In the console, who changes people or groups has shown in the last five minutes who they are."""

import pytest
from django.contrib.auth.models import Group

from accounts.models import User
from accounts.sessions import fresh
from tests.accounts.people import PEOPLE, change, values
from tests.conftest import PASSWORD

ASK, CONTINUE, GROUPS = "/accounts/reauthenticate/", "/accounts/continue/", "/admin/auth/group/"
NEW = "a wholly new kelp"


@pytest.fixture
def stale(staff, sign_in):
    """A client of an operator whose sign-in is an hour ago."""
    client = sign_in(staff)
    session = client.session
    session["fresh_at"] = session["fresh_at"] - 3600
    session.save()
    return client


@pytest.mark.parametrize("what", ["ban", "delete", "purge"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_pages_that_shut_people_out_ask_first(stale, bob, what, method):
    response = getattr(stale, method)(f"{PEOPLE}{bob.pk}/{what}/", {"post": "yes", "reason": "Sample"})
    assert response.status_code == 302
    assert response.url.startswith(ASK)
    bob.refresh_from_db()
    assert not bob.is_banned()


def test_deleting_a_selection_asks_first(stale, bob):
    fields = {"action": "delete_selected", "_selected_action": [bob.pk], "post": "yes"}
    assert stale.post(PEOPLE, fields).url.startswith(ASK)
    assert User.objects.filter(pk=bob.pk).exists()
    assert stale.get(PEOPLE).status_code == 200


@pytest.mark.parametrize("what", [{"email": "mine@example.com"}, {"is_superuser": True}, {"is_active": False}])
def test_changing_a_person_asks_first_and_keeps_the_form(stale, bob, what):
    asked = change(stale, bob, **what)
    assert asked.url.startswith(ASK)
    before = (bob.email, bob.is_superuser, bob.is_active)
    assert before == ("bob@example.com", False, True)
    assert stale.post(asked.url, {"password": PASSWORD}).url == CONTINUE
    form = stale.get(CONTINUE).context["form"]
    assert dict(form["fields"]) == values(bob, **what)
    assert stale.post(form["path"], dict(form["fields"])).status_code == 302
    bob.refresh_from_db()
    assert (bob.email, bob.is_superuser, bob.is_active) != before
    assert fresh.FORM_KEY not in stale.session


def test_so_does_changing_oneself(stale, staff):
    assert change(stale, staff, email="mine@example.com").url.startswith(ASK)
    assert staff.email == "sten@example.com"


@pytest.mark.parametrize("method", ["get", "post"])
def test_the_password_of_another_person_asks_first(stale, bob, method):
    fields = {"password1": NEW, "password2": NEW, "usable_password": "true"}
    assert getattr(stale, method)(f"{PEOPLE}{bob.pk}/password/", fields).url.startswith(ASK)
    bob.refresh_from_db()
    assert bob.check_password(PASSWORD)
    assert NEW not in str(dict(stale.session))


@pytest.mark.parametrize("method", ["get", "post"])
def test_ones_own_password_is_changed_with_the_old_one_only(sign_in, staff, method):
    fields = {"password1": NEW, "password2": NEW, "usable_password": "true"}
    response = getattr(sign_in(staff), method)(f"{PEOPLE}{staff.pk}/password/", fields)
    assert response.url == "/accounts/password/change/"
    staff.refresh_from_db()
    assert staff.check_password(PASSWORD)


def test_adding_a_person_asks_first_and_again_for_the_password(stale):
    typed = {"email": "dora@example.com", "name": "Dora", "password1": NEW, "password2": NEW}
    asked = stale.post(f"{PEOPLE}add/", typed).url
    assert asked.startswith(ASK)
    stale.post(asked, {"password": PASSWORD})
    form = stale.get(CONTINUE).context["form"]
    assert form["left_out"]
    page = stale.post(form["path"], dict(form["fields"]))
    assert "was not kept" in str(page.context["errors"])
    assert not User.objects.filter(email="dora@example.com").exists()
    assert stale.post(form["path"], typed).status_code == 302


def test_what_was_left_empty_is_not_asked_for_again(stale):
    typed = {"email": "dora@example.com", "name": "Dora", "password1": "", "password2": "", "send_link": "on"}
    stale.post(stale.post(f"{PEOPLE}add/", typed).url, {"password": PASSWORD})
    form = stale.get(CONTINUE).context["form"]
    assert not form["left_out"]
    assert stale.post(form["path"], dict(form["fields"])).status_code == 302
    assert User.objects.filter(email="dora@example.com").exists()


def test_groups_ask_first(stale):
    group = Group.objects.get(name="Viewers")
    chosen = {"action": "delete_selected", "_selected_action": [group.pk], "post": "yes"}
    for path, fields in (
        ("add/", {"name": "Helpers"}),
        (f"{group.pk}/change/", {"name": "Helpers"}),
        (f"{group.pk}/delete/", {"post": "yes"}),
        ("", chosen),
    ):
        assert stale.post(f"{GROUPS}{path}", fields).url.startswith(ASK)
    assert set(Group.objects.values_list("name", flat=True)) == {"Operators", "Viewers"}


def test_looking_asks_nothing(stale, bob):
    for path in (PEOPLE, f"{PEOPLE}{bob.pk}/change/", f"{PEOPLE}add/", GROUPS, f"{GROUPS}add/"):
        assert stale.get(path).status_code == 200
