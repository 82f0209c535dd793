"""A local disk that is full, as /dev/full is, or fails: the member is told, can try again, and loses nothing."""

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils.html import escape

from tests.todos.attachments.files import attach
from tests.uploads.conftest import PNG, declare, keys, png, send
from tests.uploads.soundness import assert_ledger, assert_nothing_astray, assert_sound
from uploads.models import State, Upload, Usage
from uploads.stores import local
from workflows.testing import advance, run_until_idle

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
AGAIN = "Files can't be stored right now. Nothing is lost. Try again in a moment."


def open_full(path, flags, mode=0o777):
    """Make the file, for which there is room, and return one that takes no byte."""
    os.close(os.open(path, flags, mode))
    return os.open("/dev/full", os.O_WRONLY)


def fail(*_args, **_kwargs):
    raise OSError(errno.EIO, os.strerror(errno.EIO))


FAULTS: dict[str, dict[str, Callable]] = {
    "full": {"open": open_full},
    "not writing": {"fsync": fail},
    "not linking": {"link": fail},
}


@pytest.fixture(params=FAULTS)
def broken(request, monkeypatch) -> AbstractContextManager[None]:
    """Return a context in which the local store's disk has the fault."""

    @contextmanager
    def broken() -> Iterator[None]:
        with monkeypatch.context() as patched:
            patched.setattr(local, "os", SimpleNamespace(**(vars(os) | FAULTS[request.param])))
            yield

    return broken()


def test_who_sends_is_told_and_sends_it_again(shelf, alice, sign_in, broken):
    client = sign_in(alice)
    answer = declare(client).json()
    with broken:
        response = send(answer["put"])
        assert (response.status_code, response["Retry-After"]) == (503, "10")
        assert response.json()["error"] == {"code": "store", "message": AGAIN}
        assert keys() == []
        assert client.post(answer["complete"]).status_code == 409
        assert_sound()
    assert send(client.post(f"{answer['status']}put/").json()["put"]).status_code == 200
    assert client.post(answer["complete"]).status_code == 202
    run_until_idle()
    assert client.get(answer["status"]).json()["state"] == "ready"
    assert_nothing_astray()


@pytest.mark.slow
@pytest.mark.parametrize("data", [PNG, png(comment=b"stripped")], ids=["promoted", "written"])
def test_the_check_waits_for_it(arrive, alice, sign_in, broken, data):
    upload = arrive(data)
    upload.complete(by=alice)
    with broken:
        run_until_idle()
        upload.refresh_from_db()
        assert upload.state in (State.VERIFYING, State.READY)  # linking needs no room, writing no link
        assert upload.thumbnails_at is None or upload.state == State.READY
        assert_sound()
        assert not any(key.startswith("tmp/") for key in keys())
    advance(HOUR)
    run_until_idle()
    upload.refresh_from_db()
    assert upload.state == State.READY
    assert upload.thumbnails_at
    assert_nothing_astray()


def test_a_plain_form_says_so_and_keeps_nothing(tiles, alice, sign_in, monkeypatch):
    client = sign_in(alice)
    files = [SimpleUploadedFile(f"{number}.png", PNG, "image/png") for number in range(3)]
    with monkeypatch.context() as patched:
        patched.setattr(local, "os", SimpleNamespace(**(vars(os) | FAULTS["full"])))
        page = client.post(f"/todos/{tiles.pk}/attachments/", {"file": files}, follow=True)
        assert escape(AGAIN) in page.content.decode()
        assert not Upload.objects.unfinished().exists()
        assert Usage.objects.get(owner=alice).bytes == 0
    for file in files:
        file.seek(0)
    page = client.post(f"/todos/{tiles.pk}/attachments/", {"file": files}, follow=True)
    assert "3 files are being checked." in page.content.decode()
    run_until_idle()
    assert Upload.objects.ready().count() == 3
    assert_nothing_astray()


def test_what_was_taken_before_the_disk_was_full_is_taken(tiles, alice, sign_in, monkeypatch):
    written, write = [], local.LocalStore.write

    def write_once(self, key, file, *, type):
        if written:
            fail()
        written.append(key)
        write(self, key, file, type=type)

    files = [SimpleUploadedFile(f"{number}.png", PNG, "image/png") for number in range(3)]
    with monkeypatch.context() as patched:
        patched.setattr(local.LocalStore, "write", lambda *args, **kwargs: as_store_error(write_once, *args, **kwargs))
        page = sign_in(alice).post(f"/todos/{tiles.pk}/attachments/", {"file": files}, follow=True)
    assert escape(AGAIN) in page.content.decode()
    assert [upload.name for upload in Upload.objects.unfinished()] == ["0.png"]
    run_until_idle()
    assert [upload.name for upload in Upload.objects.ready()] == ["0.png"]
    assert_nothing_astray()


def as_store_error(write, *args, **kwargs) -> None:
    with local._as_store_error():
        write(*args, **kwargs)


def test_a_form_that_does_not_fit_where_it_comes_in_gets_a_page(tiles, alice, sign_in, monkeypatch):
    def full(*_args, **_kwargs):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("django.core.files.uploadedfile.tempfile.NamedTemporaryFile", full)
    client = sign_in(alice)
    client.raise_request_exception = False
    response = client.post(f"/todos/{tiles.pk}/attachments/", {"file": SimpleUploadedFile("a.png", PNG, "image/png")})
    assert (response.status_code, response["Retry-After"]) == (503, "10")
    assert "may not have been saved" in response.content.decode()
    assert not Upload.objects.exists()


def test_pages_with_files_answer(tiles, alice, sign_in, broken):
    attachment = attach(tiles, by=alice)
    with broken:
        page = sign_in(alice).get(tiles.get_absolute_url())
        assert f"/attachments/{attachment.pk}/" in page.content.decode()
        assert sign_in(alice).get(f"/attachments/{attachment.pk}/file/").getvalue()


def test_readyz_names_it_and_leaves_nothing(settings, tmp_path, monkeypatch):
    settings.STORAGES = settings.STORAGES | {
        "default": settings.STORAGES["default"] | {"OPTIONS": {"location": str(tmp_path / "private")}}
    }
    with monkeypatch.context() as patched:
        patched.setattr("django.core.files.storage.filesystem.os", SimpleNamespace(**(vars(os) | FAULTS["full"])))
        answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()["parts"]["storage"]) == (503, "failed")
    assert [path for path in (tmp_path / "private").rglob("*") if path.is_file()] == []
    assert Client().get("/readyz").json()["parts"]["storage"] == "ok"


def test_lost_bytes_are_noticed_by_these_tests(make_ready):
    upload = make_ready()
    local.LocalStore().delete(upload.file)
    with pytest.raises(local.Missing):
        assert_sound()
    assert_ledger()
