"""The nightly sweep and the ledger: report first, delete second."""

import io
import os
from datetime import timedelta
from uuid import UUID

import pytest
from django.utils import timezone

from tests.uploads.conftest import PNG, keys
from uploads import sweeping
from uploads.models import State, Stray, Upload, Usage
from uploads.stores import store
from uploads.workflows import BATCH, reconcile_usage, sweep_uploads
from workflows import engine
from workflows.models import Run
from workflows.testing import advance, run_until_idle

pytestmark = [pytest.mark.database, pytest.mark.django_db]

DAY = timedelta(days=1, minutes=1)


def sweep() -> Run:
    run = engine.start(sweep_uploads, {})
    run_until_idle()
    run.refresh_from_db()
    return run


def night() -> Run:
    """Let a day go by, and sweep."""
    advance(DAY)
    return sweep()


def put(key: str, folder, *, days: int = 2) -> None:
    store().write(key, io.BytesIO(PNG), type="image/png")
    then = timezone.now().timestamp() - days * 86400
    os.utime(folder / key, (then, then))


def test_what_was_never_completed_ends_after_a_day(begin, arrive, alice):
    uploads = [begin(), arrive()]
    sweep()
    assert Usage.objects.get(owner=alice).bytes == 2 * len(PNG)
    night()
    assert {upload.state for upload in Upload.objects.filter(pk__in=[u.pk for u in uploads])} == {"deleted"}
    assert keys() == []
    assert Usage.objects.get(owner=alice).bytes == 0


def test_an_object_without_a_row_is_reported_then_deleted(make_ready, folder):
    upload = make_ready()
    kept = [upload.file, upload.small, upload.large]
    for key in ("incoming/x", "uploads/00000000-0000-4000-8000-000000000000/file", upload.incoming, "tmp/left"):
        put(key, folder)
    assert sweep().status == "succeeded"
    assert Stray.objects.count() == 4
    assert len(keys()) == 7
    sweep()
    assert len(keys()) == 7  # the second look is not before the next day
    night()
    assert keys() == sorted(kept)
    assert not Stray.objects.exists()


def test_young_objects_are_left_alone(make_ready, folder):
    make_ready()
    put("incoming/x", folder, days=0)
    sweep()
    assert not Stray.objects.exists()


def test_what_others_keep_in_the_store_is_left_alone(make_ready, folder):
    make_ready()
    put("exports/x.zip", folder)
    put("uploads.bak/x", folder)
    sweep()
    assert not Stray.objects.exists()


def test_what_is_not_stray_any_more_is_forgotten(make_ready, folder):
    make_ready()
    put("incoming/x", folder)
    sweep()
    store().delete("incoming/x")
    sweep()
    assert not Stray.objects.exists()


def test_a_row_without_its_file_ends_after_a_week(make_ready, shelf, alice):
    lost, whole = make_ready(), make_ready()
    store().delete(lost.file)
    night()
    assert Stray.objects.get(kind="row").key == str(lost.pk)
    for _ in range(6):
        night()
    lost.refresh_from_db()
    assert lost.state == "ready"
    night()
    lost.refresh_from_db()
    whole.refresh_from_db()
    assert (lost.state, whole.state) == ("deleted", "ready")
    assert shelf.told == [(lost, None)]
    assert Usage.objects.get(owner=alice).bytes == len(PNG)


def test_a_store_that_lost_everything_is_not_believed(make_ready):
    upload = make_ready()
    for key in keys():
        store().delete(key)
    run = night()
    assert run.status == "failed"
    assert "right one" in str(run.error)
    upload.refresh_from_db()
    assert upload.state == "ready"


def test_what_is_attached_to_nothing_is_reported_then_deleted(make_ready, shelf):
    upload, kept = make_ready(), make_ready()
    shelf.attached.remove(upload)
    night()
    upload.refresh_from_db()
    assert upload.state == "ready"
    night()
    upload.refresh_from_db()
    assert upload.state == "deleted"
    assert keys() == sorted([kept.file, kept.small, kept.large])


def test_what_is_attached_again_stays(make_ready, shelf):
    upload, _other = make_ready(), make_ready()
    shelf.attached.remove(upload)
    night()
    shelf.attached.append(upload)
    night()
    upload.refresh_from_db()
    assert upload.state == "ready"
    assert not Stray.objects.exists()


def test_a_check_that_was_cancelled_ends(arrive, alice, staff):
    cancelled, waiting = arrive(), arrive()
    for upload in (cancelled, waiting):
        upload.complete(by=alice)
    engine.cancel(cancelled.run_id, by=staff)
    engine.pause(waiting.run_id, by=staff)
    night()
    cancelled.refresh_from_db()
    waiting.refresh_from_db()
    assert (cancelled.state, cancelled.reason) == ("rejected", "store_failed")
    assert waiting.state == "verifying"
    assert keys() == [waiting.incoming]


def test_what_is_over_is_forgotten(arrive, alice):
    rejected = arrive(b"<html>")
    rejected.complete(by=alice)
    run_until_idle()
    advance(timedelta(days=6))
    night()
    assert Upload.objects.get().state == State.DELETED
    advance(timedelta(days=29))
    night()
    assert not Upload.objects.exists()


def copies(upload: Upload, count: int, **fields) -> list[Upload]:
    """Return many that are like it, with ids that come before its own."""
    values = {field.attname: getattr(upload, field.attname) for field in Upload._meta.concrete_fields} | fields
    return Upload.objects.bulk_create(Upload(**values | {"id": UUID(int=number)}) for number in range(count))


def test_what_is_still_attached_does_not_keep_others_from_being_forgotten(begin, shelf, alice):
    over = begin()
    over.cancel(by=alice)
    over.refresh_from_db()
    shelf.attached += copies(over, BATCH + 20)
    advance(timedelta(days=31))
    sweep()
    assert set(Upload.objects.values_list("pk", flat=True)) == {upload.pk for upload in shelf.attached}


@pytest.mark.slow
def test_checks_that_wait_do_not_keep_dead_ones_from_being_ended(arrive, alice, staff):
    dead = arrive()
    dead.complete(by=alice)
    engine.cancel(dead.run_id)
    dead.refresh_from_db()
    for waiting in copies(dead, BATCH + 20):
        engine.pause(engine.start("verify upload", {"upload_id": waiting.pk}, id=waiting.run_id).pk, by=staff)
    Upload.objects.update(completed_at=timezone.now() - DAY)
    sweep()
    assert Upload.objects.get(state=State.REJECTED) == dead
    assert Upload.objects.filter(state=State.VERIFYING).count() == BATCH + 20


def test_the_ledger_is_counted_anew(make_ready, begin, alice, bob, caplog):
    make_ready()
    begin(by=bob)
    Usage.objects.filter(owner=alice).update(bytes=5)
    Usage.objects.filter(owner=bob).delete()
    run = engine.start(reconcile_usage, {})
    run_until_idle()
    run.refresh_from_db()
    assert run.output == "2"
    assert {usage.owner: usage.bytes for usage in Usage.objects.all()} == {alice: len(PNG), bob: len(PNG)}
    assert f"member {alice.pk} was 5 bytes" in caplog.text
    assert sweeping.reconcile([alice.pk, bob.pk]) == 0


def test_the_ledger_of_somebody_who_has_gone_meanwhile_is_left_out(begin, alice, bob):
    begin()
    Usage.objects.filter(owner=alice).update(bytes=5)
    gone = bob.pk
    bob.delete()
    assert sweeping.reconcile([alice.pk, gone]) == 1
    assert list(Usage.objects.values_list("owner", "bytes")) == [(alice.pk, len(PNG))]
