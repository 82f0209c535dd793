"""The check by the engine: only what was read becomes a file."""

import hashlib
import os
from datetime import timedelta

import pytest

from tests.uploads.conftest import PNG, keys, png
from uploads import checking, verifying
from uploads.models import Usage
from uploads.reasons import Reason
from uploads.stores import store
from uploads.stores.base import StoreError
from uploads.stores.local import LocalStore
from workflows.models import Run
from workflows.testing import advance, run_until_idle

pytestmark = pytest.mark.django_db


def down(*args, **kwargs):
    raise StoreError("the store is down")


def check(upload) -> str:
    upload.complete(by=upload.owner)
    run_until_idle()
    upload.refresh_from_db()
    return upload.state


def test_what_is_ready_is_what_was_sent(arrive, shelf, alice):
    upload = arrive()
    assert check(upload) == "ready"
    assert (upload.width, upload.height, upload.stored_size) == (3, 2, len(PNG))
    assert upload.sha256 == hashlib.sha256(PNG).hexdigest()
    assert upload.settled_at
    assert upload.thumbnails_at
    assert keys() == sorted([upload.file, upload.large, upload.small])
    assert shelf.attached == [upload]
    assert Usage.objects.get(owner=alice).bytes == len(PNG)


def test_what_is_stripped_counts_as_it_is_stored(arrive, alice):
    upload = arrive(png(comment=b"taken at 48.2, 16.37"))
    assert check(upload) == "ready"
    with store().open(upload.file) as file:
        assert file.read() == PNG
    assert upload.stored_size == Usage.objects.get(owner=alice).bytes == len(PNG)


@pytest.mark.parametrize(
    "data", [b"<html><script>", b"<svg xmlns='http://www.w3.org/2000/svg'/>", PNG + b"<html>", PNG[:-20]]
)
def test_what_is_not_what_it_says_is_rejected(arrive, shelf, alice, sign_in, data):
    upload = arrive(data)
    assert check(upload) == "rejected"
    assert upload.reason
    assert keys() == []
    assert shelf.attached == []
    assert Usage.objects.get(owner=alice).bytes == 0
    answer = sign_in(alice).get(f"/uploads/{upload.pk}/").json()
    assert (answer["state"], answer["reason"]) == ("rejected", upload.reason)
    assert answer["message"].endswith(".")


def test_what_it_was_for_is_gone(arrive, shelf, alice):
    upload = arrive()
    shelf.is_gone = True
    assert check(upload) == "deleted"
    assert upload.reason == "target_gone"
    assert upload.sha256 == ""
    assert keys() == []
    assert Usage.objects.get(owner=alice).bytes == 0


def test_bytes_that_are_gone(arrive):
    upload = arrive()
    upload.complete(by=None)
    store().delete(upload.incoming)
    assert check(upload) == "rejected"
    assert upload.reason == "missing"


def test_bytes_that_were_swapped_after_they_were_looked_at(arrive, folder, monkeypatch):
    upload = arrive()
    look = checking.look

    def look_and_swap(upload_id):
        found = look(upload_id)
        path = folder / upload.incoming
        path.write_bytes(PNG[::-1])
        os.utime(path, ns=(0, 0))
        return found

    monkeypatch.setattr(checking, "look", look_and_swap)
    assert check(upload) == "rejected"
    assert upload.reason == "changed"
    assert keys() == []


def test_bytes_that_were_swapped_after_they_were_read(arrive, folder, monkeypatch):
    upload = arrive()
    examine = verifying.examine

    def examine_and_swap(*args, **kwargs):
        found = examine(*args, **kwargs)
        (folder / upload.incoming).write_bytes(b"<script>")
        return found

    monkeypatch.setattr(verifying, "examine", examine_and_swap)
    assert check(upload) == "rejected"
    assert upload.reason == "changed"
    assert keys() == []


def test_a_store_that_comes_back_within_the_hour(arrive, monkeypatch):
    upload = arrive()
    upload.complete(by=None)
    with monkeypatch.context() as patched:
        patched.setattr(LocalStore, "open", down)
        run_until_idle()
        for _ in range(5):
            advance(timedelta(minutes=5))
            run_until_idle()
        upload.refresh_from_db()
        assert upload.state == "verifying"
    advance(timedelta(minutes=40))
    assert check(upload) == "ready"


def test_a_store_that_stays_down(arrive, alice, monkeypatch):
    upload = arrive()
    upload.complete(by=None)
    with monkeypatch.context() as patched:
        patched.setattr(LocalStore, "open", down)
        for _ in range(12):
            run_until_idle()
            advance(timedelta(minutes=45))
        run_until_idle()
    upload.refresh_from_db()
    assert (upload.state, upload.reason) == ("rejected", "store_failed")
    assert Usage.objects.get(owner=alice).bytes == 0
    advance(timedelta(hours=3))
    run_until_idle()
    assert keys() == []


def test_a_picture_that_cannot_be_shrunk_is_ready(arrive, monkeypatch):
    def fail(*args, **kwargs):
        raise verifying.Rejected(Reason.UNREADABLE)

    monkeypatch.setattr(verifying, "thumbnails", fail)
    upload = arrive()
    assert check(upload) == "ready"
    assert upload.thumbnails_at is None
    run = Run.objects.get(pk=upload.run_id)
    assert run.status == "succeeded"
    assert run.steps.get(key="thumbnails").status == "failed"


def test_a_picture_deleted_while_it_is_shrunk_leaves_nothing(arrive, monkeypatch):
    upload = arrive()
    thumbnails = verifying.thumbnails

    def discard_and_go_on(*args, **kwargs):
        upload.refresh_from_db()
        upload.discard(by=upload.owner)
        return thumbnails(*args, **kwargs)

    monkeypatch.setattr(verifying, "thumbnails", discard_and_go_on)
    assert check(upload) == "deleted"
    assert keys() == []


def test_an_upload_removed_while_it_is_checked_leaves_nothing(arrive, monkeypatch):
    """Its bytes are deleted by another worker; then the check, which has not heard of it, writes what it read."""
    upload = arrive(png(comment=b"written anew without it"))
    strip = verifying.strip

    def removed_meanwhile(*args, **kwargs):
        upload.refresh_from_db()
        upload.discard(by=upload.owner)
        run_until_idle()
        assert keys() == []
        return strip(*args, **kwargs)

    monkeypatch.setattr(verifying, "strip", removed_meanwhile)
    assert check(upload) == "deleted"
    assert keys() == []
