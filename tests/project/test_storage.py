"""`manage.py storage`, on the local disk and on a real S3 server."""

import hashlib
import io
import json
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage, storages
from django.core.management import CommandError, call_command
from django.utils import timezone

from project.management.commands.storage import Bar
from project.operations import copying, prepare
from uploads.models import State, Upload
from uploads.stores.local import LocalStore
from uploads.stores.s3 import S3Store
from uploads.stores.self_test import cors_rules
from workflows.models import Worker

PICTURE = b"not really a picture"


def run(*args):
    out = io.StringIO()
    call_command("storage", *args, stdout=out)
    return out.getvalue()


def failed(*args):
    out = io.StringIO()
    with pytest.raises(CommandError) as error:
        call_command("storage", *args, stdout=out)
    return f"{out.getvalue()}{error.value}"


@pytest.fixture
def folder(settings, tmp_path):
    """Return an empty DATA_DIR, with the local files in it."""
    settings.DATA_DIR = tmp_path
    settings.UPLOAD_FOLDER = tmp_path / "files" / "uploads"
    options = settings.LOCAL_FILES["OPTIONS"] | {"location": str(tmp_path / "files")}
    settings.LOCAL_FILES = settings.LOCAL_FILES | {"OPTIONS": options}
    return tmp_path


# --- check -----------------------------------------------------------------------------------------------------------


def test_the_local_disk_works(folder):
    assert "Everything works." in run("check")
    assert not list(LocalStore().walk())


def test_a_disk_that_cannot_be_written_to_is_told(folder):
    (folder / "files").touch()
    assert "failed  write" in failed("check")


def test_a_bucket_works_and_is_left_as_it_was(s3, settings):
    s3.allow(settings.PUBLIC_URL)
    said = run("check")
    assert said.count("works ") == 19
    assert "Everything works." in said
    assert "Contents" not in s3.client().list_objects_v2(Bucket="holdfast")


def test_rules_for_another_origin_are_answered_with_the_right_ones(s3, settings):
    s3.allow("https://elsewhere.example.com")
    said = failed("check")
    assert f"failed  CORS\n          browsers are not allowed to upload from {settings.PUBLIC_URL}" in said
    assert '"AllowedOrigins": [' in said
    assert "1 operation failed." in said
    # The rules that it prints are those that make it work.
    s3.client().put_bucket_cors(Bucket="holdfast", CORSConfiguration={"CORSRules": cors_rules()})
    assert "Everything works." in run("check")


@pytest.mark.parametrize(
    ("wrong", "advice"),
    [
        ({"access_key": "nobody"}, "The store does not know S3_ACCESS_KEY_ID."),
        ({"secret_key": "wrong"}, "S3_SECRET_ACCESS_KEY does not belong to S3_ACCESS_KEY_ID."),
        ({"name": "elsewhere"}, "S3_BUCKET does not exist"),
        ({"endpoint": "http://127.0.0.1:1"}, "S3_ENDPOINT_URL cannot be reached"),
    ],
    ids=str,
)
def test_a_wrong_setting_is_named(s3, settings, wrong, advice):
    settings.S3 = s3.bucket(**wrong)
    assert advice in failed("check")


def test_a_store_that_ignores_conditions_is_refused(s3, settings, monkeypatch):
    promote = S3Store.promote

    def promote_anything(self, source, target, *, etag, type):
        promote(self, source, target, etag=self.head(source).etag, type=type)

    monkeypatch.setattr(S3Store, "promote", promote_anything)
    assert "it is not safe to use" in failed("check")


@pytest.mark.slow
def test_a_store_that_lets_uploads_be_repeated_is_refused(s3, settings, monkeypatch):
    presign = S3Store._presign

    def presign_more(self, method, key, given, expires):
        return presign(self, method, key, {name: given[name] for name in given if name != "IfNoneMatch"}, expires)

    monkeypatch.setattr(S3Store, "_presign", presign_more)
    assert "an upload without If-None-Match got status 200 instead of 403" in failed("check")


# --- copy ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def upload(alice):
    """Return a ready upload, whose file is not there yet."""
    now = timezone.now()
    return Upload.objects.create(
        owner=alice, name="a.png", type="image/png", size=len(PICTURE), state=State.READY,
        created_at=now, completed_at=now, settled_at=now, stored_size=len(PICTURE),
        sha256=hashlib.sha256(PICTURE).hexdigest(), width=1, height=1, target_kind="todo", target_id="1",
    )  # fmt: skip


@pytest.fixture
def files(folder, upload):
    """Put files of every kind on the local disk; return their names and bytes."""
    found = {f"uploads/{upload.pk}/file": PICTURE, f"uploads/{upload.pk}/small.webp": b"small", "incoming/1": b"sent"}
    for key, body in found.items():
        LocalStore().write(key, io.BytesIO(body), type="image/png")
    local = storages.create_storage(copying.settings.LOCAL_FILES)
    for name in ("exports/1.zip", "bulk-adds/2.txt"):
        local.save(name, ContentFile(name.encode()))
        found[f"private/{name}"] = name.encode()
    return found


def in_bucket(s3):
    client = s3.client()
    names = [there["Key"] for there in client.list_objects_v2(Bucket="holdfast").get("Contents", [])]
    return {name: client.get_object(Bucket="holdfast", Key=name)["Body"].read() for name in names}


@pytest.mark.slow
def test_everything_is_copied_to_the_bucket(s3, files, upload):
    assert "5 files are complete, 0 of them already copied before." in run("copy", "--to", "s3")
    assert in_bucket(s3) == files
    assert S3Store().head(upload.file).type == "image/png"
    with default_storage.open("exports/1.zip") as file:
        assert file.read() == b"exports/1.zip"


@pytest.mark.slow
def test_and_back(s3, files, folder, upload):
    run("copy", "--to", "s3")
    (folder / "files").rename(folder / "before")
    assert "5 files are complete" in run("copy", "--to", "local")
    copied = {path.relative_to(folder / "files"): path.read_bytes() for path in (folder / "files").rglob("*.*")}
    before = {path.relative_to(folder / "before"): path.read_bytes() for path in (folder / "before").rglob("*.*")}
    assert copied == before
    with LocalStore().open(upload.file) as file:
        assert file.read() == PICTURE


@pytest.mark.slow
def test_a_second_copy_takes_what_is_new_or_changed_or_gone(s3, files, upload):
    run("copy", "--to", "s3")
    LocalStore().write("incoming/1", io.BytesIO(b"sent anew"), type="image/png")
    LocalStore().write("incoming/2", io.BytesIO(b"new"), type="image/png")
    S3Store().delete(f"uploads/{upload.pk}/small.webp")
    assert "6 files are complete, 3 of them already copied before." in run("copy", "--to", "s3")
    assert in_bucket(s3) == files | {"incoming/1": b"sent anew", "incoming/2": b"new"}


@pytest.mark.slow
def test_a_copy_that_was_cut_off_goes_on(s3, files, monkeypatch):
    written = []
    write = S3Store.write

    def cut(self, key, file, *, type):
        if len(written) == 2:
            s3.stop()
        written.append(key)
        write(self, key, file, type=type)

    monkeypatch.setattr(S3Store, "write", cut)
    assert "Run the same command to continue from here" in failed("copy", "--to", "s3")
    monkeypatch.undo()
    s3.start()
    journal = copying.settings.DATA_DIR / "storage-copy-to-s3"
    journal.write_text(journal.read_text() + '["uploads cut')  # killed while it wrote
    assert "5 files are complete, 2 of them already copied before." in run("copy", "--to", "s3")
    assert in_bucket(s3) == files
    assert all(len(json.loads(line)) == 4 for line in journal.read_text().splitlines() if line.endswith("]"))


def test_a_damaged_file_is_not_copied(s3, files, upload):
    LocalStore().write(upload.file, io.BytesIO(b"bits have rotten"), type="image/png")
    assert "is not the file that was checked" in failed("copy", "--to", "s3")
    assert S3Store().head(upload.file) is None


def test_what_does_not_arrive_whole_is_told(s3, files, monkeypatch):
    write = S3Store.write

    def write_half(self, key, file, *, type):
        write(self, key, io.BytesIO(file.read(3)), type=type)

    monkeypatch.setattr(S3Store, "write", write_half)
    assert "did not arrive as it was sent" in failed("copy", "--to", "s3")


def test_nothing_is_copied_while_holdfast_runs(s3, files):
    with prepare.lock_data_dir():
        assert "Another Holdfast" in failed("copy", "--to", "s3")
    worker = Worker.objects.create(name="two", started_at=timezone.now(), heartbeat_at=timezone.now())
    assert "Worker two is running." in failed("copy", "--to", "s3")
    worker.heartbeat_at -= timedelta(hours=1)
    worker.save(update_fields=["heartbeat_at"])
    assert "5 files" in run("copy", "--to", "s3")


def test_nothing_is_copied_while_an_upload_is_checked(s3, files, upload):
    waiting = {"state": State.VERIFYING, "settled_at": None, "stored_size": None, "sha256": ""}
    Upload.objects.filter(pk=upload.pk).update(**waiting)
    assert "1 upload is being checked." in failed("copy", "--to", "s3")


@pytest.mark.django_db
def test_without_a_bucket_there_is_nothing_to_copy_to(folder):
    assert "Set the S3_* variables" in failed("copy", "--to", "s3")


def test_the_bar_grows_on_a_terminal():
    out = io.StringIO()
    out.isatty = lambda: True
    out.write, write = (lambda text, ending="\n": write(text + ending)), out.write
    bar = Bar(out, total=200)
    bar.advance(100)
    bar.advance(100)
    bar.end()
    assert "[###############...............]  50%" in out.getvalue()
    assert "[##############################] 100%" in out.getvalue()
