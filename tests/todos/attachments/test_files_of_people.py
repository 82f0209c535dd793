"""A person's files when they ask for their data, and when they go: on the local disk and in a bucket."""

import io
import json
import tracemalloc
import zipfile
from urllib.request import urlopen

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone

from accounts.leaving import exporting, purging
from accounts.models import DataExport
from tests.todos.attachments.files import PDF, arrived, attach, picture
from todos.attachments.attaching import target
from todos.models import Attachment, TodoList
from uploads.models import State, Upload
from uploads.stores import store
from workflows.testing import run_until_idle

MB = 1024 * 1024


@pytest.fixture(params=["local", "s3"], autouse=True)
def place(request, settings, tmp_path) -> str:
    if request.param == "s3":
        request.getfixturevalue("s3")
    else:
        options = {"location": str(tmp_path / "private")}
        local = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": options}
        settings.STORAGES = settings.STORAGES | {"default": local}
    return request.param


@pytest.fixture
def second(make_user):
    """Another operator than Sten."""
    return make_user("Olga", is_staff=True, is_superuser=True)


def download(client) -> zipfile.ZipFile:
    client.post("/accounts/export/")
    run_until_idle()
    response = client.get(f"/accounts/export/{DataExport.objects.get().pk}/")
    assert response["Cache-Control"] == "private, no-store"
    if response.status_code == 302:  # to the bucket
        with urlopen(response["Location"]) as answer:
            assert answer.headers["Content-Disposition"] == 'attachment; filename="holdfast.zip"'
            return zipfile.ZipFile(io.BytesIO(answer.read()))
    return zipfile.ZipFile(io.BytesIO(b"".join(response.streaming_content)))


def stored(upload: Upload) -> list[str]:
    return sorted(key for key, _found in store().walk(upload.folder))


def large(person, size: int) -> Upload:
    """Return a ready upload of this size, which nobody has checked."""
    now = timezone.now()
    upload = Upload(owner=person, name="large.pdf", type="application/pdf", size=size, stored_size=size, sha256="x")
    upload.state, upload.completed_at, upload.settled_at = State.READY, now, now
    upload.save()
    store().write(upload.file, io.BytesIO(bytes(size)), type=upload.type)
    return upload


def test_an_export_has_the_persons_own_files(tiles, alice, bob, sign_in):
    plan = attach(tiles, by=bob)
    offer = attach(tiles, by=bob, name="óffer.pdf", data=PDF, type="application/pdf")
    offer.trash(by=alice)
    attach(tiles, by=alice, name="hers.png")
    rejected = arrived(tiles, b"<html>", by=bob, name="page.png")
    archive = download(sign_in(bob))
    names = {f"files/{plan.upload_id}/plan.png": picture(), f"files/{offer.upload_id}/óffer.pdf": PDF}
    assert {name: archive.read(name) for name in archive.namelist() if name.startswith("files/")} == names
    rows = json.loads(archive.read("uploads.json"))
    assert {row["id"] for row in rows} == {str(plan.upload_id), str(offer.upload_id), str(rejected.pk)}
    assert "missing-files.json" not in archive.namelist()


def test_names_that_windows_does_not_take_are_others_in_the_archive(tiles, alice, sign_in):
    shown = {"CON.png": "_CON.png", "a<b.png": "a_b.png", "Who?.png": "Who_.png"}
    ids = {name: attach(tiles, by=alice, name=name).upload_id for name in shown}
    archive = download(sign_in(alice))
    names = [name for name in archive.namelist() if name.startswith("files/")]
    assert sorted(names) == sorted(f"files/{ids[name]}/{there}" for name, there in shown.items())
    assert {row["name"] for row in json.loads(archive.read("uploads.json"))} == set(shown)


def test_a_lost_file_is_named_and_the_others_are_there(tiles, alice, sign_in):
    lost, whole = attach(tiles, by=alice), attach(tiles, by=alice, name="whole.png")
    store().delete(lost.upload.file)
    archive = download(sign_in(alice))
    assert json.loads(archive.read("missing-files.json")) == [{"name": f"files/{lost.upload_id}/plan.png"}]
    assert archive.read(f"files/{whole.upload_id}/whole.png") == picture()
    assert len([name for name in archive.namelist() if name.startswith("files/")]) == 1


@pytest.mark.slow
def test_large_files_need_little_memory(alice, place):
    for _number in range(6):
        large(alice, 8 * MB)
    exporting.ask(alice)
    key = DataExport.objects.get().pk
    tracemalloc.start()
    written = exporting.write(key)
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert written
    assert written["size"] > 48 * MB
    assert default_storage.size(written["file"]) == written["size"]
    assert peak < (30 if place == "s3" else 3) * MB  # three parts of 8 MiB, however large it is


@pytest.mark.slow
def test_a_purge_deletes_the_files_that_nobody_else_sees(tiles, alice, bob, staff, second):
    shared = attach(tiles, by=bob)
    own = attach(TodoList.create("Secrets", by=bob).add("Hide the key", by=bob), by=bob, name="own.png")
    removed = attach(TodoList.create("Old", by=bob).add("Old", by=bob), by=bob, name="removed.png")
    removed.trash(by=bob)
    unattached = large(bob, 10)
    on_its_way = Upload.create(name="later.pdf", size=len(PDF), type="application/pdf", target=target(tiles), by=bob)
    store().write(on_its_way.incoming, io.BytesIO(PDF), type=on_its_way.type)
    theirs = attach(tiles, by=alice, name="theirs.png")
    purging.ask(bob, by=staff, reason="left").decide(approve=True, by=second)
    run_until_idle()
    assert sorted(Attachment.objects.values_list("upload", flat=True)) == sorted([shared.upload_id, theirs.upload_id])
    for upload in (own.upload, removed.upload, unattached, on_its_way):
        assert stored(upload) == []
        assert store().head(upload.incoming) is None
        assert not Upload.objects.filter(pk=upload.pk).exclude(state=State.DELETED).exists()
    assert stored(shared.upload) == sorted(set(shared.upload.keys) - {shared.upload.incoming})
    assert not Upload.objects.filter(owner=bob.pk).exists()
    assert Upload.objects.get(pk=shared.upload_id).owner is None
