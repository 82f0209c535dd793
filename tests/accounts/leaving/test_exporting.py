"""Getting one's own data."""

import io
import json
import tracemalloc
import zipfile
from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import extensions
from accounts.extensions import Extension
from accounts.leaving import exporting, purging
from accounts.models import AuditEvent, DataExport
from accounts.models.export import FOLDER, KEEP
from accounts.sessions.fresh import FRESH_KEY
from tests.accounts.conftest import first_link
from tests.at_once import at_once
from workflows import engine
from workflows.models import Run
from workflows.testing import advance, crash_at, run_until_idle

EXPORT, SETTINGS = "/accounts/export/", "/accounts/settings/"


@pytest.fixture(autouse=True)
def files(settings, tmp_path):
    settings.STORAGES = settings.STORAGES | {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": str(tmp_path)}}
    }


def stored() -> list[str]:
    return default_storage.listdir(FOLDER)[1] if default_storage.exists(FOLDER) else []


def content(response) -> dict[str, list]:
    archive = zipfile.ZipFile(io.BytesIO(b"".join(response.streaming_content)))
    return {name: json.loads(archive.read(name)) for name in archive.namelist()}


def url(export: DataExport) -> str:
    return f"{EXPORT}{export.pk}/"


def test_a_person_gets_their_data(sign_in, alice, bob, flat, tiles, delivered):
    tiles.complete(by=bob)
    flat.add("Thrown away", by=alice).trash(by=alice)
    client = sign_in(bob)
    assert "Export my data" in client.get(SETTINGS).content.decode()
    assert "We are preparing your data" in client.post(EXPORT, follow=True).content.decode()
    [mail] = delivered()
    assert mail.to == [bob.email]
    link = first_link(mail.body).removeprefix("http://localhost:8000")
    assert link in client.get(SETTINGS).content.decode()
    response = client.get(link)
    assert response["Content-Disposition"] == 'attachment; filename="holdfast.zip"'
    data = content(response)
    assert set(data) == {
        "account.json",
        "account-activity.json",
        "lists.json",
        "todos.json",
        "attachments.json",
        "activity.json",
        "uploads.json",
    }
    assert data["account.json"][0]["email"] == bob.email
    assert "password" not in data["account.json"][0]
    assert [(row["name"], row["role"]) for row in data["lists.json"]] == [("Flat renovation", "editor")]
    assert [row["text"] for row in data["todos.json"]] == ["Order tiles"]
    assert [row["verb"] for row in data["activity.json"]] == ["completed"]
    assert "export_asked" in [row["kind"] for row in data["account-activity.json"]]
    assert "alice@example.com" not in str(data)
    assert AuditEvent.objects.filter(kind="export_asked", person=bob, actor=bob).count() == 1


def test_where_others_were_is_not_exported(sign_in, staff, bob):
    staff_client = sign_in(staff)
    staff_client.post(f"/admin/accounts/user/{bob.pk}/ban/", {"seen": "", "reason": "spam"}, REMOTE_ADDR="192.0.2.1")
    bob.refresh_from_db()
    bob.unban()
    client = sign_in(bob)
    client.post(EXPORT, REMOTE_ADDR="192.0.2.2")
    run_until_idle()
    rows = content(client.get(url(DataExport.objects.get())))["account-activity.json"]
    found = {row["kind"]: row["address"] for row in rows}
    assert (found["banned"], found["export_asked"]) == (None, "192.0.2.2")
    assert set(rows[0]) == {"kind", "at", "address", "detail"}


def test_the_file_is_deleted_after_a_week(sign_in, bob, delivered):
    client = sign_in(bob)
    client.post(EXPORT)
    delivered()
    assert len(stored()) == 1
    advance(KEEP)
    run_until_idle()
    assert stored() == []
    export = DataExport.objects.get()
    assert export.ended_at
    assert client.get(url(export)).status_code == 404
    client.post(EXPORT)
    assert DataExport.objects.count() == 2


def test_a_link_that_is_too_old_is_nothing_even_if_the_file_is_there(sign_in, bob):
    client = sign_in(bob)
    client.post(EXPORT)
    run_until_idle()
    DataExport.objects.update(expires_at=timezone.now())
    assert client.get(url(DataExport.objects.get())).status_code == 404


def test_only_its_person_fetches_it_and_in_a_fresh_session(client, sign_in, staff, alice, bob):
    own = sign_in(bob)
    own.post(EXPORT)
    link = url(DataExport.objects.get())
    assert own.get(link).status_code == 404  # not ready
    run_until_idle()
    assert sign_in(alice).get(link).status_code == sign_in(staff).get(link).status_code == 404
    assert client.get(link).url.startswith("/accounts/login/")
    assert own.post(link).status_code == 405
    session = own.session
    session[FRESH_KEY] = 0
    session.save()
    assert own.get(link).url.startswith("/accounts/reauthenticate/")
    assert own.post(EXPORT).url.startswith("/accounts/reauthenticate/")
    assert own.get(EXPORT).status_code == 405


def test_a_lost_file_is_a_404(sign_in, bob):
    client = sign_in(bob)
    client.post(EXPORT)
    run_until_idle()
    export = DataExport.objects.get()
    default_storage.delete(export.file)
    assert client.get(url(export)).status_code == 404


def test_there_is_one_export_at_a_time(sign_in, bob):
    client = sign_in(bob)
    client.post(EXPORT)
    assert "You already have an export" in client.post(EXPORT, follow=True).content.decode()
    assert DataExport.objects.count() == 1
    with pytest.raises(IntegrityError), transaction.atomic():
        DataExport.objects.create(person=bob)


@pytest.mark.django_db(transaction=True)
def test_who_asks_twice_at_once_gets_one(bob):
    assert sorted(at_once(lambda: exporting.ask(bob), lambda: exporting.ask(bob))) == [False, True]
    assert Run.objects.count() == 1


def test_an_export_that_came_to_nothing_blocks_no_other(bob):
    assert exporting.ask(bob)
    engine.cancel(DataExport.objects.get().run_id)
    DataExport.objects.update(asked_at=timezone.now() - timedelta(days=2))
    assert exporting.ask(bob)


def test_a_failed_export_says_so(sign_in, bob, monkeypatch):
    monkeypatch.setitem(extensions._extensions, "todos", Extension("todos", export=lambda _person: 1 / 0))
    client = sign_in(bob)
    client.post(EXPORT)
    for _ in range(6):
        run_until_idle()
        advance(timedelta(hours=1))
    assert DataExport.objects.get().failed
    assert stored() == []
    assert "The last export failed" in client.get(SETTINGS).content.decode()


@pytest.mark.parametrize(
    ("point", "at"),
    [
        ("step.code.after", 1),
        ("steps.succeed.before", 1),
        ("steps.succeed.after", 1),
        ("step.code.after", 2),
        ("steps.succeed.after", 2),
    ],
)
def test_a_crash_leaves_one_file_and_one_mail(bob, delivered, point, at):
    exporting.ask(bob)
    with crash_at(point, at=at):
        run_until_idle()
    advance(timedelta(seconds=10))
    assert len(delivered()) == 1
    export = DataExport.objects.get()
    assert export.is_ready()
    assert [f"{FOLDER}/{name}" for name in stored()] == [export.file]
    with default_storage.open(export.file) as file:
        assert zipfile.ZipFile(file).testzip() is None


def test_a_person_who_goes_takes_the_file_along(bob, staff, second):
    exporting.ask(bob)
    run_until_idle()
    assert len(stored()) == 1
    purging.ask(bob, by=staff, reason="left").decide(approve=True, by=second)
    run_until_idle()
    assert stored() == []
    assert not DataExport.objects.exists()


def test_the_schedule_forgets_what_a_cancelled_run_left(bob):
    exporting.ask(bob)
    run_until_idle()
    export = DataExport.objects.get()
    engine.cancel(export.run_id)
    advance(KEEP)
    engine.start("forget exports", {})
    run_until_idle()
    assert stored() == []
    export.refresh_from_db()
    assert export.ended_at


@pytest.mark.slow
def test_a_large_account_needs_little_memory(bob, monkeypatch):
    def much(_person):
        yield "much", ({"text": "x" * 1000, "number": number} for number in range(20_000))

    monkeypatch.setitem(extensions._extensions, "todos", Extension("todos", export=much))
    exporting.ask(bob)
    key = DataExport.objects.get().pk
    tracemalloc.start()
    written = exporting.write(key)
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert written
    assert peak < 5 * 1024 * 1024


def test_the_settings_take_few_queries(sign_in, bob, django_assert_max_num_queries):
    client = sign_in(bob)
    with django_assert_max_num_queries(5):
        client.get(SETTINGS)
