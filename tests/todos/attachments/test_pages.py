"""Files over HTTP: who sees them, and who may change them."""

import pytest
from django.urls import reverse

from tests.todos.attachments.files import PDF, attach, last_activity
from todos.models import Activity, Verb


def test_who_is_in_the_list_sees_the_file_and_nobody_else(plan, flat, alice, carol, mallory, sign_in, client):
    for variant, kind in (("file", "image/png"), ("small", "image/webp"), ("large", "image/webp")):
        url = reverse(f"todos:attachment_{variant}", args=[plan.pk])
        response = sign_in(carol).get(url)
        assert (response.status_code, response["Content-Type"]) == (200, kind)
        assert b"".join(response)
        assert sign_in(mallory).get(url).status_code == 404
        assert client.get(url).status_code == 302
        assert sign_in(alice).post(url).status_code == 405
    flat.memberships.get(user=carol).remove(by=alice)
    assert sign_in(carol).get(f"/attachments/{plan.pk}/file/").status_code == 404


def test_a_removed_file_is_seen_by_those_who_may_restore_it(plan, alice, bob, carol, sign_in):
    plan.trash(by=alice)
    url = f"/attachments/{plan.pk}/small/"
    assert b"".join(sign_in(bob).get(url)).startswith(b"RIFF")
    assert sign_in(carol).get(url).status_code == 404
    assert "1 removed file" in sign_in(bob).get(plan.todo.get_absolute_url()).text
    assert "removed file" not in sign_in(carol).get(plan.todo.get_absolute_url()).text
    assert "plan.png" in sign_in(bob).get("/trash/").text
    assert "plan.png" not in sign_in(carol).get("/trash/").text


def test_a_picture_that_is_not_made_is_not_there(tiles, alice, sign_in):
    offer = attach(tiles, by=alice, name="offer.pdf", data=PDF, type="application/pdf")
    assert sign_in(alice).get(f"/attachments/{offer.pk}/small/").status_code == 404


WRITES = {
    "attachment_caption": ({"caption": "Before"}, Verb.FILE_CAPTIONED),
    "attachment_move": ({"after": ""}, Verb.FILE_MOVED),
    "attachment_trash": ({}, Verb.FILE_TRASHED),
    "attachment_restore": ({}, Verb.FILE_RESTORED),
}


@pytest.fixture(params=WRITES)
def verb(request) -> str:
    return request.param


@pytest.fixture
def url(verb, plan, tiles, alice) -> str:
    """The address, with everything in the state in which the verb changes something."""
    if verb == "attachment_move":
        plan = attach(tiles, by=alice, name="offer.pdf", data=PDF, type="application/pdf")
    if verb == "attachment_restore":
        plan.trash(by=alice)
    return reverse(f"todos:{verb}", args=[plan.pk])


def test_owner_and_editor_may_change(verb, url, tiles, alice, bob, sign_in):
    for person in (bob, alice):
        response = sign_in(person).post(url, WRITES[verb][0])
        assert (response.status_code, response["Location"]) == (302, tiles.get_absolute_url())
    assert (last_activity().verb, last_activity().actor) == (WRITES[verb][1], bob)  # the second time changes nothing


def test_reader_stranger_visitor_and_get_may_not(verb, url, carol, mallory, alice, sign_in, client):
    before = Activity.objects.count()
    # What is removed is not there for readers.
    assert sign_in(carol).post(url, WRITES[verb][0]).status_code == (404 if verb == "attachment_restore" else 403)
    assert sign_in(mallory).post(url, WRITES[verb][0]).status_code == 404
    assert client.post(url, WRITES[verb][0]).status_code == 302
    assert sign_in(alice).get(url).status_code == 405
    assert Activity.objects.count() == before


def test_nothing_is_done_to_files_of_a_to_do_in_the_trash(verb, url, tiles, alice, sign_in):
    tiles.trash(by=alice)
    assert sign_in(alice).post(url, WRITES[verb][0]).status_code == 404


@pytest.mark.parametrize(
    ("verb", "fields"),
    [
        ("attachment_caption", {}),
        ("attachment_caption", {"caption": "x" * 301}),
        ("attachment_caption", {"caption": "a\x00b"}),
        ("attachment_move", {}),
        ("attachment_move", {"after": "first"}),
        ("attachment_move", {"after": "999999"}),
    ],
    indirect=["verb"],
)
def test_bad_input_is_told_and_changes_nothing(verb, url, alice, sign_in, fields):
    before = Activity.objects.count()
    page = sign_in(alice).post(url, fields, follow=True)
    assert 'class="toast error"' in page.text
    assert Activity.objects.count() == before


def test_htmx_gets_the_list_and_the_history(plan, alice, sign_in):
    headers = {"HX-Request": "true", "HX-Target": "div#attachment-list"}
    page = sign_in(alice).post(f"/attachments/{plan.pk}/trash/", headers=headers).text
    assert 'id="attachment-list"' in page
    assert 'id="history" aria-labelledby="history-title" hx-swap-oob="true"' in page
    assert "/restore/" in page
    assert "<html" not in page
