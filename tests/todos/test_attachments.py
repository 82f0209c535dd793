"""Files of a to-do: how they come to be there, what may be done with them, and what becomes of them in the end."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.todos.files import PDF, arrive, arrived, attach, picture
from tests.todos.test_cleaning import age, clean
from todos import attaching
from todos.exporting import export
from todos.models import Activity, Attachment, Role, Todo, TodoList, Verb
from todos.models.attachment import MOST_FILES
from todos.refusals import FileInTheTrash, FullOfFiles, NeighbourFileGone, TrashedTooLong
from uploads.models import State, Upload, Usage
from uploads.stores import store
from workflows.testing import run_until_idle


@pytest.fixture
def plan(tiles, alice) -> Attachment:
    return attach(tiles, by=alice)


def names(todo: Todo) -> list[str]:
    return [file.name for file in Attachment.objects.filter(todo=todo).live().select_related("upload").in_order()]


def last() -> Activity:
    return Activity.objects.newest_first()[0]


def test_a_checked_upload_is_attached_last(tiles, alice, bob):
    first = attach(tiles, by=alice, name="first.png")
    second = attach(tiles, by=bob, name="second.pdf", data=PDF, type="application/pdf")
    assert names(tiles) == ["first.png", "second.pdf"]
    assert (second.created_by, last().verb, last().actor) == (bob, Verb.FILE_ADDED, bob)
    assert last().sentence == "attached “second.pdf”"
    assert first.has_thumbnails
    assert not second.has_thumbnails


def test_files_stand_in_the_order_in_which_they_were_chosen(tiles, alice):
    a, b, c, d = (
        Upload.create(
            name=f"{name}.pdf", size=len(PDF), type="application/pdf", target=attaching.target(tiles), by=alice
        )
        for name in "abcd"
    )
    for upload in (b, d, a):
        arrive(upload, PDF)
        run_until_idle()
    assert names(tiles) == ["a.pdf", "b.pdf", "d.pdf"]
    Attachment.objects.get(upload=a).move(by=alice, after=Attachment.objects.get(upload=d).pk)
    arrive(c, PDF)
    run_until_idle()
    assert names(tiles) == ["b.pdf", "d.pdf", "a.pdf", "c.pdf"]


def test_only_ready_uploads_are_attached(tiles, alice):
    arrived(tiles, b"<html>", by=alice)
    assert names(tiles) == []
    run_until_idle()
    assert names(tiles) == []
    assert Upload.objects.get().state == State.REJECTED


@pytest.mark.parametrize("gone", ["to-do", "list", "membership", "right"])
def test_what_it_was_for_may_be_gone_when_it_is_checked(flat, tiles, alice, bob, gone):
    upload = arrived(tiles, picture(), by=bob)
    membership = flat.memberships.get(user=bob)
    if gone == "to-do":
        tiles.delete()
    elif gone == "list":
        flat.delete()
    elif gone == "membership":
        membership.remove(by=alice)
    else:
        membership.change_role(Role.READER, by=alice)
    run_until_idle()
    upload.refresh_from_db()
    assert (upload.state, upload.reason) == (State.DELETED, "target_gone")
    assert not Attachment.objects.exists()
    assert list(store().walk()) == []


@pytest.mark.parametrize("what", ["to-do", "list"])
def test_what_is_in_the_trash_comes_back_with_what_was_on_its_way(flat, tiles, alice, bob, sign_in, what):
    upload = arrived(tiles, picture(), by=bob)
    trashed = tiles if what == "to-do" else flat
    trashed.trash(by=alice)
    run_until_idle()
    assert Usage.objects.get(owner=bob).bytes == Upload.objects.get(pk=upload.pk).stored_size
    url = reverse("todos:attachment_file", args=[Attachment.objects.get(upload=upload).pk])
    if what == "list":
        assert sign_in(bob).get(url).status_code == 404
    trashed.restore(by=alice)
    assert names(tiles) == ["plan.png"]
    assert b"".join(sign_in(bob).get(url)) == picture()


@pytest.mark.parametrize("what", ["membership", "right"])
def test_nothing_is_attached_in_the_trash_by_who_may_not_any_more(flat, tiles, alice, bob, what):
    upload = arrived(tiles, picture(), by=bob)
    flat.trash(by=alice)
    membership = flat.memberships.filter(user=bob)
    membership.delete() if what == "membership" else membership.update(role=Role.READER)
    run_until_idle()
    upload.refresh_from_db()
    assert (upload.state, upload.reason) == (State.DELETED, "target_gone")


def test_caption(plan, bob):
    assert plan.set_caption("Before the wall", by=bob)
    assert last().sentence == "captioned “plan.png”: “Before the wall”"
    assert not plan.set_caption("Before the wall", by=bob)
    assert plan.set_caption("", by=bob)
    assert last().sentence == "took the caption off “plan.png”"


def test_moving(tiles, alice):
    a, b, c = (attach(tiles, by=alice, name=f"{name}.pdf", data=PDF, type="application/pdf") for name in "abc")
    assert c.move(by=alice, after=0) == b.pk
    assert names(tiles) == ["c.pdf", "a.pdf", "b.pdf"]
    assert c.move(by=alice, after=0) is None
    assert c.move(by=alice, after=c.pk) is None
    assert a.move(by=alice, after=b.pk) == c.pk
    assert names(tiles) == ["c.pdf", "b.pdf", "a.pdf"]
    b.trash(by=alice)
    with pytest.raises(NeighbourFileGone):
        c.move(by=alice, after=b.pk)
    assert c.move(by=alice, after=a.pk) == 0
    b.restore(by=alice)
    assert names(tiles) == ["b.pdf", "a.pdf", "c.pdf"]


def test_trash_and_restore(plan, tiles, alice, bob):
    assert plan.trash(by=bob)
    assert not plan.trash(by=bob)
    assert names(tiles) == []
    with pytest.raises(FileInTheTrash):
        plan.set_caption("x", by=bob)
    assert plan.restore(by=alice)
    assert not plan.restore(by=alice)
    assert names(tiles) == ["plan.png"]
    assert list(Activity.objects.newest_first().values_list("verb", flat=True)[:2]) == ["file_restored", "file_trashed"]


def test_after_thirty_days_the_file_is_deleted(plan, tiles, alice):
    kept = attach(tiles, by=alice, name="kept.pdf", data=PDF, type="application/pdf")
    plan.trash(by=alice)
    age(plan)
    with pytest.raises(TrashedTooLong):
        plan.restore(by=alice)
    assert clean() == {"todos.Attachment": 1}
    run_until_idle()
    assert {key for key, _found in store().walk()} == {kept.upload.file}
    assert Usage.objects.get(owner=alice).bytes == kept.upload.stored_size


def test_an_attachment_without_its_file_goes_after_thirty_days(plan, tiles):
    plan.upload.discard(by=None)
    assert names(tiles) == []
    assert clean() == {}
    Upload.objects.update(deleted_at=timezone.now() - timedelta(days=30))
    assert clean() == {"todos.Attachment": 1}


@pytest.mark.parametrize("who", ["Holdfast", "Sten"])
def test_the_history_says_what_became_of_a_file_that_was_lost(plan, tiles, carol, staff, sign_in, who):
    assert plan.upload.lose(by=None if who == "Holdfast" else staff)
    assert not plan.upload.lose(by=staff)
    assert names(tiles) == []
    page = sign_in(carol).get(tiles.get_absolute_url()).text
    assert page.count(f"{who} took away “plan.png”, as it was lost or damaged in the store") == 1


@pytest.mark.parametrize("what", ["to-do", "list"])
def test_files_go_with_what_they_belong_to(plan, flat, tiles, alice, what):
    trashed = tiles if what == "to-do" else flat
    trashed.trash(by=alice)
    age(trashed)
    assert clean()["todos.Attachment"] == 1
    run_until_idle()
    assert list(store().walk()) == []
    assert Upload.objects.get().state == State.DELETED


def test_files_move_with_their_to_do(plan, flat, tiles, alice, bob, sign_in):
    tiles.move(by=alice, to=TodoList.create("Alone", by=alice))
    assert sign_in(bob).get(f"/attachments/{plan.pk}/file/").status_code == 404
    response = sign_in(alice).get(f"/attachments/{plan.pk}/file/")
    assert (response.status_code, b"".join(response)) == (200, picture())


def test_an_export_names_the_files_that_the_person_sees(plan, tiles, alice, carol, mallory):
    attach(tiles, by=alice, name="removed.png").trash(by=alice)
    rows = [dict(export(person))["attachments"] for person in (alice, carol, mallory)]
    assert [[row["name"] for row in found] for found in rows] == [["plan.png"], ["plan.png"], []]


# --- Over HTTP --------------------------------------------------------------------------------------------------------


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
    assert (last().verb, last().actor) == (WRITES[verb][1], bob)  # the second time changes nothing


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


# --- Uploads of one's own ---------------------------------------------------------------------------------------------


def follow(client, todo: Todo, seen: str = ""):
    headers = {"HX-Request": "true", "HX-Target": "div#attachment-list"}
    return client.get(f"/todos/{todo.pk}/attachments/?seen={seen}", headers=headers)


def test_the_page_asks_until_all_is_settled(tiles, alice, bob, sign_in):
    arrived(tiles, picture(), by=alice)
    client = sign_in(alice)
    page = follow(client, tiles)
    seen = page.context["seen"]
    assert "Is being checked" in page.text
    assert f"?seen={seen}" in page.text
    assert follow(client, tiles, str(seen)).status_code == 204
    assert "plan.png" not in follow(sign_in(bob), tiles).text
    run_until_idle()
    page = follow(client, tiles, str(seen))
    assert page.status_code == 200
    assert "?seen=" not in page.text
    assert "plan.png" in follow(sign_in(bob), tiles).text


def test_the_plain_address_leads_to_the_page(tiles, carol, mallory, sign_in):
    url = f"/todos/{tiles.pk}/attachments/"
    assert sign_in(carol).get(url)["Location"] == f"{tiles.get_absolute_url()}#attachments"
    assert sign_in(mallory).get(url).status_code == 404


def test_a_rejected_upload_says_why_until_it_is_dismissed(tiles, alice, bob, carol, mallory, sign_in):
    upload = arrived(tiles, b"<html>", by=alice, name="page.png")
    run_until_idle()
    upload.refresh_from_db()
    page = sign_in(alice).get(tiles.get_absolute_url()).text
    assert upload.message
    assert upload.message in page
    url = reverse("todos:upload_dismiss", args=[tiles.pk, upload.pk])
    assert sign_in(bob).post(url).status_code == 404
    assert sign_in(carol).post(url).status_code == 403
    assert sign_in(mallory).post(url).status_code == 404
    assert sign_in(alice).get(url).status_code == 405
    assert sign_in(alice).post(url).status_code == 302
    upload.refresh_from_db()
    assert upload.state == State.DELETED
    assert upload.name not in sign_in(alice).get(tiles.get_absolute_url()).text


def test_what_is_attached_cannot_be_dismissed(plan, tiles, alice, sign_in):
    sign_in(alice).post(reverse("todos:upload_dismiss", args=[tiles.pk, plan.upload_id]))
    assert names(tiles) == ["plan.png"]


# --- Plain forms ------------------------------------------------------------------------------------------------------


def upload(name: str = "plan.png", data: bytes | None = None, type: str = "image/png"):
    return SimpleUploadedFile(name, data if data is not None else picture(), type)


def test_a_plain_form_takes_several_files(tiles, bob, sign_in):
    files = [upload("a.png"), upload("b.pdf", PDF, "application/pdf"), upload("c.txt", b"x", "text/plain")]
    page = sign_in(bob).post(f"/todos/{tiles.pk}/attachments/", {"file": files}, follow=True)
    assert "Only pictures" in page.text
    run_until_idle()
    assert sorted(names(tiles)) == ["a.png", "b.pdf"]


def test_who_may_send_a_plain_form(tiles, alice, carol, mallory, sign_in, client):
    url = f"/todos/{tiles.pk}/attachments/"
    assert sign_in(carol).post(url, {"file": upload()}).status_code == 403
    assert sign_in(mallory).post(url, {"file": upload()}).status_code == 404
    assert client.post(url, {"file": upload()}).status_code == 302
    tiles.trash(by=alice)
    assert sign_in(alice).post(url, {"file": upload()}).status_code == 404
    assert not Upload.objects.exists()


@pytest.mark.parametrize("fields", [{}, {"file": "no file"}, {"other": "x"}])
def test_a_plain_form_without_a_file(tiles, alice, sign_in, fields):
    page = sign_in(alice).post(f"/todos/{tiles.pk}/attachments/", fields, follow=True)
    assert "Choose a file first." in page.text


def test_a_plain_form_needs_its_token(tiles, alice):
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    assert client.post(f"/todos/{tiles.pk}/attachments/", {"file": upload()}).status_code == 403
    assert not Upload.objects.exists()


# --- What an upload is meant for --------------------------------------------------------------------------------------


def declare(client, id):
    fields = {"name": "a.png", "size": 10, "type": "image/png", "target": {"kind": "todo", "id": id}}
    return client.post("/uploads/", fields, content_type="application/json").status_code


def test_who_may_declare_an_upload_for_a_to_do(tiles, alice, bob, carol, mallory, sign_in):
    assert [declare(sign_in(who), str(tiles.pk)) for who in (alice, bob, carol, mallory)] == [201, 201, 403, 404]
    assert declare(sign_in(alice), tiles.pk) == 201
    assert [declare(sign_in(alice), id) for id in ("x", "9" * 19, "-1", f"0{tiles.pk}", "")] == [404] * 4 + [400]
    tiles.trash(by=alice)
    assert declare(sign_in(alice), str(tiles.pk)) == 404


def test_a_to_do_is_full_some_day(tiles, alice, sign_in, settings):
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"upload": [("600/5m", "actor")]}
    for _number in range(MOST_FILES):
        Upload.create(name="a.png", size=10, type="image/png", target=attaching.target(tiles), by=alice)
    assert declare(sign_in(alice), str(tiles.pk)) == 403
    assert attaching.room_of(tiles, person=alice) == 0
    form = f"/todos/{tiles.pk}/attachments/"
    page = sign_in(alice).post(form, {"file": upload()}, follow=True)
    assert "plan.png: A to-do has at most 50 files." in page.text
    Upload.objects.first().discard(by=alice)
    page = sign_in(alice).post(form, {"file": [upload(), upload()]}, follow=True)
    assert "The other file is being checked." in page.text
    assert "A to-do has at most 50 files." in page.text
    assert attaching.room_of(tiles, person=alice) == 0


def test_a_file_that_finds_the_to_do_full_is_told_to_who_sent_it(tiles, alice, bob, monkeypatch, sign_in):
    monkeypatch.setattr("todos.models.attachment.MOST_FILES", 1)
    arrived(tiles, picture(), by=bob)
    late = arrived(tiles, picture(), by=alice, name="late.png")
    run_until_idle()
    assert names(tiles) == ["plan.png"]
    assert "others came first" in sign_in(alice).get(tiles.get_absolute_url()).text
    assert "others came first" not in sign_in(bob).get(tiles.get_absolute_url()).text
    assert Usage.objects.get(owner=alice).bytes == 0
    assert not [key for key, _found in store().walk() if str(late.pk) in key]


def test_nothing_is_restored_to_a_full_to_do(plan, alice, monkeypatch):
    monkeypatch.setattr("todos.models.attachment.MOST_FILES", 1)
    plan.trash(by=alice)
    other = attach(plan.todo, by=alice, name="other.png")
    with pytest.raises(FullOfFiles):
        plan.restore(by=alice)
    other.trash(by=alice)
    assert plan.restore(by=alice)


def test_uploads_of_attachments_are_kept(plan, alice):
    other = Upload.create(name="a.png", size=10, type="image/png", target=attaching.target(plan.todo), by=alice)
    assert Attachment.kept([plan.upload_id, other.pk]) == {plan.upload_id}


def test_an_upload_that_nobody_completed_is_not_followed_for_ever(tiles, alice, sign_in):
    made = Upload.create(name="a.png", size=10, type="image/png", target=attaching.target(tiles), by=alice)
    assert follow(sign_in(alice), tiles).context["following"]
    Upload.objects.filter(pk=made.pk).update(created_at=timezone.now() - timedelta(hours=1))
    assert not follow(sign_in(alice), tiles).context["following"]
