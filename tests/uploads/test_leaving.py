"""What a person gets of their uploads, and what goes with them."""

from types import SimpleNamespace

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import RequestFactory

from accounts import extensions
from project.lib.refusals import Refused
from tests.uploads.conftest import PNG, SHELF, keys
from uploads import leaving, plain_form
from uploads.models import Upload, Usage
from workflows import engine
from workflows.models import Step
from workflows.testing import run_until_idle

pytestmark = [pytest.mark.database, pytest.mark.django_db]


def test_uploads_join_exports_and_purges():
    assert extensions.find("uploads")
    names = [extension.name for extension in extensions.joined()]
    assert names.index("todos") < names.index("uploads"), "what is attached to own lists goes before"


def test_a_persons_data_tells_of_their_files(make_ready, begin, alice, bob):
    upload = make_ready()
    begin(by=bob)
    [(name, rows)] = leaving.export(alice)
    assert name == "uploads"
    [row] = rows
    assert (row["id"], row["name"], row["sha256"]) == (upload.pk, "tiles.png", upload.sha256)


def test_who_leaves_takes_what_was_on_its_way(make_ready, arrive, alice):
    attached = make_ready()
    arrive()
    leaving.leave(alice)
    run_until_idle()
    assert Upload.objects.filter(state="deleted").count() == 1
    assert keys() == sorted([attached.file, attached.small, attached.large])


def test_a_purge_leaves_what_others_see(make_ready, arrive, shelf, alice):
    attached, unused = make_ready(), make_ready()
    shelf.attached.remove(unused)
    arrive()
    after = None
    while after := leaving.end_some(alice.pk, after=after):
        pass
    run_until_idle()
    assert keys() == sorted([attached.file, attached.small, attached.large])
    alice.delete()
    attached.refresh_from_db()
    assert (attached.state, attached.owner) == ("ready", None)


def test_a_purge_takes_them_in_batches(begin, shelf, alice, bob):
    made = [begin() for _number in range(2 * leaving.BATCH + 3)]
    theirs = begin(by=bob)

    @engine.workflow("purge uploads alone")
    def purge(step):
        leaving.purge(step, alice.pk)

    run = engine.start(purge, {})
    run_until_idle()
    assert leaving.BATCH == 50
    assert Step.objects.filter(run=run).count() == 4, "50, 50, 3, and none left"
    assert set(Upload.objects.filter(state="deleted")) == set(made)
    assert Usage.objects.get(owner=alice).bytes == 0
    theirs.refresh_from_db()
    assert theirs.state == "pending"


# --- A plain form ------------------------------------------------------------------------------------------------


def post(*files, by) -> list:
    request = RequestFactory().post("/", {"file": list(files)})
    plain_form.read(request)
    taken = plain_form.take(request, target=SHELF, by=by)
    request.close()
    return taken


def test_a_plain_form_uploads_too(shelf, alice):
    [upload] = post(SimpleUploadedFile("tiles.png", PNG, "image/png"), by=alice)
    assert upload.state == "verifying"
    run_until_idle()
    assert [attached.pk for attached in shelf.attached] == [upload.pk]


def test_each_file_of_a_form_is_judged_alone(shelf, alice, settings):
    settings.UPLOAD_MAX_BYTES = 1024
    settings.UPLOAD_QUOTA_BYTES = len(PNG) + 10
    files = [
        SimpleUploadedFile("a.png", PNG, "image/png"),
        SimpleUploadedFile("b.html", b"<html>", "text/html"),
        SimpleUploadedFile("c.png", b"", "image/png"),
        SimpleUploadedFile("d.png", b"x" * 5000, "image/png"),
        SimpleUploadedFile("e.png", PNG, "image/png"),
    ]
    taken = post(*files, by=alice)
    assert [one.code if isinstance(one, Refused) else one.state for one in taken] == [
        *("verifying", "type", "empty", "too_large", "quota")
    ]


def test_no_more_files_are_taken_than_a_form_may_have(shelf, alice):
    taken = post(*[SimpleUploadedFile(f"{number}.png", PNG, "image/png") for number in range(12)], by=alice)
    assert len(taken) == plain_form.MOST + 1
    assert taken[-1].code == "too_many"
    assert str(taken[-1]).startswith("6.png, 7.png, 8.png, 9.png, 10.png, 11.png: At most 6 files")


def test_a_refusal_of_many_does_not_name_all(shelf, alice):
    taken = post(*[SimpleUploadedFile(f"{number}.png", PNG, "image/png") for number in range(30)], by=alice)
    assert "14.png, 15.png and 14 others: At most" in str(taken[-1])


def test_what_follows_a_file_that_finds_no_room_is_named(shelf, alice, monkeypatch):
    def may_add(_by, _id):
        raise PermissionDenied("No room.")

    monkeypatch.setattr(plain_form.targets, "find", lambda _kind: SimpleNamespace(may_add=may_add))
    [refused] = post(*[SimpleUploadedFile(f"{name}.png", PNG, "image/png") for name in "ab"], by=alice)
    assert (refused.code, str(refused)) == ("full", "a.png, b.png: No room.")
