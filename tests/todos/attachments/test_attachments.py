"""Files of a to-do: their order, what may be done with them, and what becomes of them in the end."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.todos.attachments.files import PDF, arrive, attach, last_activity, names, picture
from tests.todos.trash.test_emptying import age, clean
from todos.attachments import attaching
from todos.models import Activity, Attachment, TodoList, Verb
from todos.people.exporting import export
from todos.refusals import FileInTheTrash, FullOfFiles, NeighbourFileGone, TrashedTooLong
from uploads.models import State, Upload, Usage
from uploads.stores import store
from workflows.testing import run_until_idle


def test_a_checked_upload_is_attached_last(tiles, alice, bob):
    first = attach(tiles, by=alice, name="first.png")
    second = attach(tiles, by=bob, name="second.pdf", data=PDF, type="application/pdf")
    assert names(tiles) == ["first.png", "second.pdf"]
    assert (second.created_by, last_activity().verb, last_activity().actor) == (bob, Verb.FILE_ADDED, bob)
    assert last_activity().sentence == "attached “second.pdf”"
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


def test_caption(plan, bob):
    assert plan.set_caption("Before the wall", by=bob)
    assert last_activity().sentence == "captioned “plan.png”: “Before the wall”"
    assert not plan.set_caption("Before the wall", by=bob)
    assert plan.set_caption("", by=bob)
    assert last_activity().sentence == "removed the caption of “plan.png”"


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


def test_nothing_is_restored_to_a_full_to_do(plan, alice, monkeypatch):
    monkeypatch.setattr("todos.models.attachment.MOST_FILES", 1)
    plan.trash(by=alice)
    other = attach(plan.todo, by=alice, name="other.png")
    with pytest.raises(FullOfFiles):
        plan.restore(by=alice)
    other.trash(by=alice)
    assert plan.restore(by=alice)


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
    assert page.count(f"{who} removed “plan.png”, which was lost or is no longer accepted") == 1


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
