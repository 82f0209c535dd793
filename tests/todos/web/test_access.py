"""One shape for every POST: who may, who may not, and what it answers to a GET and to nonsense."""

import pytest
from django.test import Client
from django.urls import reverse

from todos.models import Activity, Role, TodoList, Verb

# name: (fields, the verb it leaves in the history, who may beside the owner)
WRITES = {
    "todos:list": ({"text": "Buy grout"}, Verb.ADDED, "editor"),
    "todos:list_edit": ({"name": "Flat"}, Verb.LIST_RENAMED, "owner"),
    "todos:list_trash": ({}, Verb.LIST_TRASHED, "owner"),
    "todos:list_restore": ({}, Verb.LIST_RESTORED, "owner"),
    "todos:members": ({"email": "mallory@example.com", "role": "editor"}, Verb.MEMBER_ADDED, "owner"),
    "todos:member_role": ({"role": "owner"}, Verb.MEMBER_ROLE_CHANGED, "owner"),
    "todos:member_remove": ({}, Verb.MEMBER_REMOVED, "owner"),
    "todos:todo": ({"text": "Order the tiles"}, Verb.EDITED, "editor"),
    "todos:todo_complete": ({}, Verb.COMPLETED, "editor"),
    "todos:todo_reopen": ({}, Verb.REOPENED, "editor"),
    "todos:todo_trash": ({}, Verb.TRASHED, "editor"),
    "todos:todo_restore": ({}, Verb.RESTORED, "editor"),
    "todos:todo_move": ({"after": "0"}, Verb.MOVED, "editor"),
}
POST_ONLY = set(WRITES) - {"todos:list", "todos:list_edit", "todos:members", "todos:todo"}


@pytest.fixture(params=WRITES)
def name(request) -> str:
    return request.param


@pytest.fixture
def url(name, flat, tiles, bob, alice) -> str:
    """The address, with everything in the state in which the verb changes something."""
    flat.add("Buy primer", by=alice)
    if name == "todos:list_restore":
        flat.trash(by=alice)
    elif name == "todos:todo_restore":
        tiles.trash(by=alice)
    elif name == "todos:todo_reopen":
        tiles.complete(by=alice)
    if name.startswith("todos:todo"):
        return reverse(name, args=[tiles.pk])
    if name.startswith("todos:member_"):
        return reverse(name, args=[flat.pk, flat.memberships.get(user=bob).pk])
    return reverse(name, args=[flat.pk])


def last_verb() -> str:
    return Activity.objects.newest_first()[0].verb


def test_the_owner_may(name, url, alice, mallory, sign_in):
    fields, verb, _who = WRITES[name]
    response = sign_in(alice).post(url, fields)
    assert response.status_code == 302
    assert last_verb() == verb
    assert Activity.objects.newest_first()[0].actor == alice


def test_an_editor_may_work_in_the_list_only(name, url, bob, mallory, sign_in):
    fields, verb, who = WRITES[name]
    before = last_verb(), Activity.objects.count()
    response = sign_in(bob).post(url, fields)
    if who == "editor":
        assert response.status_code == 302
        assert last_verb() == verb
    else:
        assert response.status_code == (404 if name == "todos:list_restore" else 403)
        assert (last_verb(), Activity.objects.count()) == before


def test_a_reader_may_not(name, url, carol, mallory, sign_in):
    before = Activity.objects.count()
    response = sign_in(carol).post(url, WRITES[name][0])
    assert response.status_code == (404 if name == "todos:list_restore" else 403)
    assert Activity.objects.count() == before


def test_a_stranger_finds_nothing(name, url, mallory, sign_in):
    before = Activity.objects.count()
    assert sign_in(mallory).post(url, WRITES[name][0]).status_code == 404
    assert Activity.objects.count() == before


def test_a_visitor_is_sent_to_sign_in_and_then_to_a_page(name, url):
    response = Client().post(url, WRITES[name][0] | {"next": "/lists/1/?status=all"})
    assert response.status_code == 302
    assert response["Location"] == f"{reverse('account_login')}?next=/lists/1/%3Fstatus%3Dall"


def test_a_get_changes_nothing(name, url, alice, sign_in):
    before = Activity.objects.count()
    response = sign_in(alice).get(url)
    assert response.status_code == (405 if name in POST_ONLY else 200)
    assert Activity.objects.count() == before


@pytest.mark.parametrize("name", [name for name in WRITES if name != "todos:list"], indirect=True)
def test_twice_is_once(name, url, alice, mallory, sign_in):
    client = sign_in(alice)
    client.post(url, WRITES[name][0])
    before = Activity.objects.count()
    assert client.post(url, WRITES[name][0]).status_code in ({302, 404} if name == "todos:member_remove" else {302})
    assert Activity.objects.count() == before


@pytest.mark.slow
@pytest.mark.parametrize(
    "next_url", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", "\x00", "x"]
)
def test_it_never_leads_elsewhere(name, url, alice, mallory, sign_in, next_url):
    response = sign_in(alice).post(url, WRITES[name][0] | {"next": next_url})
    assert response.status_code == 302
    assert response["Location"].startswith(("/lists/", "/todos/"))


@pytest.mark.parametrize("name", ["todos:list", "todos:list_edit", "todos:todo", "todos:members"], indirect=True)
@pytest.mark.parametrize("value", ["", " ", "a\x00b", "\u200b", "x" * 501])
def test_what_is_not_valid_is_shown_again(name, url, alice, sign_in, value):
    before = Activity.objects.count()
    response = sign_in(alice).post(url, {"text": value, "name": value, "email": value, "role": value})
    assert response.status_code == 422
    assert response.context["form"].errors
    assert Activity.objects.count() == before


@pytest.mark.parametrize(
    "target", ["todos:list", "todos:list_edit", "todos:list_trash", "todos:members", "todos:list_leave"]
)
def test_a_list_in_the_trash_is_not_there(flat, alice, bob, sign_in, target):
    flat.trash(by=alice)
    for person in (alice, bob):
        expected = 302 if target == "todos:list_trash" and person == alice else 404
        assert sign_in(person).post(reverse(target, args=[flat.pk])).status_code == expected


@pytest.mark.parametrize("verb", ["todo", "todo_edit", "todo_complete", "todo_reopen", "todo_move"])
def test_a_to_do_in_the_trash_can_only_be_seen_and_restored(tiles, alice, sign_in, verb):
    tiles.trash(by=alice)
    client = sign_in(alice)
    assert client.get(reverse("todos:todo", args=[tiles.pk])).status_code == 200
    url = reverse(f"todos:{verb}", args=[tiles.pk])
    answer = client.get(url) if verb == "todo_edit" else client.post(url, {"text": "x", "after": "0"})
    assert answer.status_code == 404


def test_moving_needs_the_right_to_write_at_both_ends(tiles, bob, carol, mallory, sign_in):
    url = reverse("todos:todo_move", args=[tiles.pk])
    foreign = TodoList.create("Mallory's", by=mallory)
    assert sign_in(bob).post(url, {"list": foreign.pk}).status_code == 404
    foreign.add_member(bob, role=Role.READER, by=mallory, tell=False)
    assert sign_in(bob).post(url, {"list": foreign.pk}).status_code == 403
    tiles.refresh_from_db()
    assert tiles.list_id != foreign.pk


def test_a_person_who_is_no_longer_a_member_may_nothing(flat, tiles, bob, sign_in):
    flat.memberships.get(user=bob).remove(by=bob)
    assert sign_in(bob).post(reverse("todos:todo_complete", args=[tiles.pk])).status_code == 404
