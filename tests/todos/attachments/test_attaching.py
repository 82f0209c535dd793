"""How files come to a to-do: who may begin, what is there when they are checked, and how many there can be."""

import pytest
from django.urls import reverse

from tests.todos.attachments.files import arrived, form_file, names, picture
from todos.attachments import attaching
from todos.models import Attachment, Role
from todos.models.attachment import MOST_FILES
from uploads.models import State, Upload, Usage
from uploads.stores import store
from workflows.testing import run_until_idle


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
    page = sign_in(alice).post(form, {"file": form_file()}, follow=True)
    assert "plan.png: A to-do can have at most 50 files." in page.text
    Upload.objects.first().discard(by=alice)
    page = sign_in(alice).post(form, {"file": [form_file(), form_file()]}, follow=True)
    assert "The other file is being checked." in page.text
    assert "A to-do can have at most 50 files." in page.text
    assert attaching.room_of(tiles, person=alice) == 0


def test_a_file_that_finds_the_to_do_full_is_told_to_who_sent_it(tiles, alice, bob, monkeypatch, sign_in):
    monkeypatch.setattr("todos.models.attachment.MOST_FILES", 1)
    arrived(tiles, picture(), by=bob)
    late = arrived(tiles, picture(), by=alice, name="late.png")
    run_until_idle()
    assert names(tiles) == ["plan.png"]
    assert "The maximum number of files was reached" in sign_in(alice).get(tiles.get_absolute_url()).text
    assert "The maximum number of files was reached" not in sign_in(bob).get(tiles.get_absolute_url()).text
    assert Usage.objects.get(owner=alice).bytes == 0
    assert not [key for key, _found in store().walk() if str(late.pk) in key]


def test_uploads_of_attachments_are_kept(plan, alice):
    other = Upload.create(name="a.png", size=10, type="image/png", target=attaching.target(plan.todo), by=alice)
    assert Attachment.kept([plan.upload_id, other.pk]) == {plan.upload_id}
