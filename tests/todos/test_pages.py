"""What members do on the pages, as plain forms."""

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse

from todos.models import Role, Todo, TodoList
from todos.web.toasts import Toast, toasts


def shown(response) -> Toast:
    return toasts(get_messages(response.wsgi_request))[-1]


def take_back(client, toast: Toast, **fields):
    return client.post(toast.undo_url, toast.fields | fields)


def test_the_front_door_leads_to_the_lists(client):
    response = client.get("/")
    assert (response.status_code, response["Location"]) == (302, "/lists/")


def test_creating_a_list_opens_it(alice, sign_in):
    client = sign_in(alice)
    response = client.post("/lists/", {"name": " Flat\trenovation "}, follow=True)
    created = TodoList.objects.get()
    assert created.name == "Flat renovation"
    assert response.redirect_chain == [(f"/lists/{created.pk}/", 302)]
    assert response.context["membership"].role == Role.OWNER


def test_the_lists_page(flat, tiles, carol, sign_in):
    response = sign_in(carol).get("/lists/")
    [listed] = response.context["lists"]
    assert (listed.name, listed.open_count, listed.member_count, listed.role) == ("Flat renovation", 1, 3, "reader")
    assert b"Flat renovation" in response.content


def test_adding_a_to_do_keeps_the_filters(flat, bob, sign_in):
    back = f"/lists/{flat.pk}/?status=all&q=tiles"
    response = sign_in(bob).post(f"/lists/{flat.pk}/", {"text": "Order tiles", "next": back})
    assert (response.status_code, response["Location"]) == (302, back)
    todo = Todo.objects.get()
    assert (todo.text, todo.notes, todo.created_by) == ("Order tiles", "", bob)


def test_a_completed_row_can_be_reopened_by_its_toast(tiles, bob, sign_in):
    client = sign_in(bob)
    toast = shown(client.post(f"/todos/{tiles.pk}/complete/"))
    assert (toast.text, toast.level) == ("“Order tiles” was completed.", "success")
    again = take_back(client, toast, next="/trash/")
    assert again["Location"] == "/trash/"
    tiles.refresh_from_db()
    assert tiles.completed_at is None
    assert shown(again).undo_url == f"/todos/{tiles.pk}/complete/"


def test_the_trash_gives_back_what_it_got(tiles, bob, sign_in):
    client = sign_in(bob)
    toast = shown(client.post(f"/todos/{tiles.pk}/trash/"))
    assert [todo.pk for todo in client.get("/trash/").context["todos"]] == [tiles.pk]
    take_back(client, toast)
    assert Todo.objects.live().get() == tiles
    assert not client.get("/trash/").context["todos"]


def test_a_reader_may_restore_nothing(tiles, alice, carol, sign_in):
    tiles.trash(by=alice)
    tiles.list.trash(by=alice)
    response = sign_in(carol).get("/trash/")
    assert (list(response.context["todos"]), list(response.context["lists"])) == ([], [])


def test_a_list_comes_back_from_the_trash(flat, alice, sign_in):
    client = sign_in(alice)
    response = client.post(f"/lists/{flat.pk}/trash/", {"next": f"/lists/{flat.pk}/"})
    assert response["Location"] == "/lists/"
    assert [row.pk for row in client.get("/trash/").context["lists"]] == [flat.pk]
    take_back(client, shown(response))
    assert TodoList.objects.live().get() == flat


def test_moving_to_another_list_is_taken_back_to_list_and_place(flat, alice, sign_in, texts):
    garden = TodoList.create("Garden", by=alice)
    _c, b, _a = [flat.add(text, by=alice) for text in "cba"]
    client = sign_in(alice)
    toast = shown(client.post(f"/todos/{b.pk}/move/", {"list": garden.pk}))
    assert toast.text == "“b” was moved to “Garden”."
    assert texts(flat) == ["a", "c"]
    take_back(client, toast)
    assert texts(flat) == ["a", "b", "c"]


def test_reordering_is_taken_back(flat, alice, sign_in, texts):
    c, _b, a = [flat.add(text, by=alice) for text in "cba"]
    client = sign_in(alice)
    toast = shown(client.post(f"/todos/{a.pk}/move/", {"after": c.pk}))
    assert texts(flat) == ["b", "c", "a"]
    take_back(client, toast)
    assert texts(flat) == ["a", "b", "c"]


@pytest.mark.parametrize(
    "fields", [{}, {"after": "x"}, {"list": "-1"}, {"after": str(10**30)}, {"list": "", "after": "\x00"}]
)
def test_a_move_to_nowhere_changes_nothing(tiles, bob, sign_in, fields):
    response = sign_in(bob).post(f"/todos/{tiles.pk}/move/", fields)
    assert response.status_code == 302
    assert shown(response).level == "error"
    assert tiles.activities.count() == 1


def test_a_neighbour_that_has_gone_is_named(tiles, bob, sign_in):
    response = sign_in(bob).post(f"/todos/{tiles.pk}/move/", {"after": tiles.pk + 999})
    assert "no longer in this list" in shown(response).text


def test_saving_notes_alone_leaves_the_text(tiles, bob, sign_in):
    url = f"/todos/{tiles.pk}/"
    response = sign_in(bob).post(url, {"notes": "4 m²\r\n+ 10 %", "next": url})
    assert response["Location"] == url
    tiles.refresh_from_db()
    assert (tiles.text, tiles.notes) == ("Order tiles", "4 m²\n+ 10 %")


def test_an_invalid_edit_shows_what_was_typed(tiles, bob, sign_in):
    response = sign_in(bob).post(f"/todos/{tiles.pk}/", {"text": "", "notes": "typed"})
    assert response.status_code == 422
    assert response.context["form"]["notes"].value() == "typed"
    assert sign_in(bob).post(f"/todos/{tiles.pk}/", {}).status_code == 422


def test_the_page_of_a_to_do(tiles, alice, bob, sign_in):
    TodoList.create("Bob's own", by=bob)
    tiles.complete(by=alice)
    context = sign_in(bob).get(f"/todos/{tiles.pk}/").context
    assert [row.sentence for row in context["activities"]] == ["completed it", "added it"]
    assert [row.name for row in context["lists_to_move_to"]] == ["Bob's own"]
    assert context["can_write"]


def test_a_reader_gets_no_forms(flat, tiles, carol, sign_in):
    client = sign_in(carol)
    assert not client.get(f"/todos/{tiles.pk}/").context["can_write"]
    page = client.get(f"/lists/{flat.pk}/")
    assert not page.context["can_write"]
    assert f"/todos/{tiles.pk}/complete/" not in page.content.decode()


def test_editing_in_place_without_htmx_is_the_page(tiles, bob, sign_in):
    response = sign_in(bob).get(f"/todos/{tiles.pk}/edit/")
    assert response["Location"] == f"/todos/{tiles.pk}/"


def test_members_are_added_by_address(flat, alice, mallory, sign_in):
    client = sign_in(alice)
    fields = {"email": " MALLORY@example.com ", "role": "reader"}
    response = client.post(f"/lists/{flat.pk}/members/", fields)
    assert flat.memberships.get(user=mallory).role == Role.READER
    assert "Mallory is now a member" in shown(response).text
    again = client.post(f"/lists/{flat.pk}/members/", fields | {"role": "owner"})
    assert "already a member" in shown(again).text
    assert flat.memberships.get(user=mallory).role == Role.READER


@pytest.mark.parametrize(
    "fields",
    [
        {"email": "nobody@example.com", "role": "reader"},
        {"email": "mallory@example.com", "role": "king"},
        {"email": "mallory@example.com"},
        {"email": "\x00", "role": "reader"},
    ],
)
def test_who_cannot_be_added(flat, alice, mallory, sign_in, fields):
    assert sign_in(alice).post(f"/lists/{flat.pk}/members/", fields).status_code == 422
    assert flat.memberships.count() == 3


def test_a_person_who_is_switched_off_cannot_be_added(flat, alice, mallory, sign_in):
    type(mallory).objects.filter(pk=mallory.pk).update(is_active=False)
    fields = {"email": mallory.email, "role": "reader"}
    assert sign_in(alice).post(f"/lists/{flat.pk}/members/", fields).status_code == 422


def test_everybody_sees_the_members_owners_first(flat, carol, sign_in):
    context = sign_in(carol).get(f"/lists/{flat.pk}/members/").context
    assert [row.user.name for row in context["memberships"]] == ["Alice", "Bob", "Carol"]
    assert not context["is_owner"]


def test_a_reader_may_leave(flat, carol, sign_in):
    response = sign_in(carol).post(f"/lists/{flat.pk}/leave/")
    assert response["Location"] == "/lists/"
    assert not flat.memberships.filter(user=carol).exists()


@pytest.mark.parametrize("path", ["leave/", "members/{pk}/remove/", "members/{pk}/role/"])
def test_the_last_owner_stays_and_is_told_why(flat, alice, sign_in, path):
    url = f"/lists/{flat.pk}/{path.format(pk=flat.memberships.get(user=alice).pk)}"
    response = sign_in(alice).post(url, {"role": "reader"})
    assert response["Location"] == reverse("todos:members", args=[flat.pk])
    assert "A list needs an owner" in shown(response).text
    assert flat.memberships.owners().get().user == alice


def test_a_role_that_does_not_exist_is_refused(flat, alice, bob, sign_in):
    membership = flat.memberships.get(user=bob)
    response = sign_in(alice).post(f"/lists/{flat.pk}/members/{membership.pk}/role/", {"role": "king"})
    assert shown(response).level == "error"
    membership.refresh_from_db()
    assert membership.role == Role.EDITOR


def test_a_membership_of_another_list_is_not_found(flat, alice, mallory, sign_in):
    foreign = TodoList.create("Mallory's", by=mallory).memberships.get()
    assert sign_in(alice).post(f"/lists/{flat.pk}/members/{foreign.pk}/remove/").status_code == 404


def test_a_list_has_pages_of_fifty(flat, alice, sign_in):
    for number in range(102):
        flat.add(str(number), by=alice)
    client = sign_in(alice)
    first, last = (client.get(f"/lists/{flat.pk}/?page={page}").context for page in ("1", "999"))
    assert len(first["todos"]) == 50
    assert [todo.text for todo in last["todos"]] == ["1", "0"]
    top, bottom = first["todos"][0], last["todos"][1]
    assert (top.move_up_after, bottom.move_down_after) == (None, None)
    assert first["todos"][1].move_up_after == ""
    # Across the edge of a page.
    assert last["todos"][0].move_up_after == client.get(f"/lists/{flat.pk}/?page=2").context["todos"][-2].pk
    assert first["todos"][-1].move_down_after == client.get(f"/lists/{flat.pk}/?page=2").context["todos"][0].pk


def test_only_the_order_by_position_can_be_changed(flat, tiles, alice, carol, sign_in):
    def reorderable(user, query):
        return sign_in(user).get(f"/lists/{flat.pk}/{query}").context["reorderable"]

    assert reorderable(alice, "")
    assert not reorderable(alice, "?sort=text")
    assert not reorderable(alice, "?q=tiles")
    assert not reorderable(carol, "")
