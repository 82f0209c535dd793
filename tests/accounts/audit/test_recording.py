"""The audit only grows."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from accounts import audit
from accounts.models import AuditEvent, AuditKind
from workflows import engine
from workflows.testing import run_until_idle

pytestmark = pytest.mark.database


@pytest.fixture
def event(alice, bob):
    return audit.record(AuditKind.BANNED, person=alice, actor=bob, detail="Reason: spam")


def test_an_event_cannot_be_changed(event):
    event.detail = "Nothing happened"
    with pytest.raises(TypeError):
        event.save()
    with pytest.raises(TypeError):
        AuditEvent.objects.update(detail="Nothing happened")
    for column in ("kind", "detail", "address", "at"):
        with pytest.raises(DatabaseError, match="never changed"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"UPDATE accounts_auditevent SET {column} = NULL")
    event.refresh_from_db()
    assert (event.kind, event.detail) == ("banned", "Reason: spam")


def test_it_outlives_who_did_it(event, bob):
    bob.delete()
    event.refresh_from_db()
    assert event.actor is None
    assert event.person


def test_it_rolls_back_with_the_deed(alice):
    with transaction.atomic():
        audit.record(AuditKind.BANNED, person=alice)
        transaction.set_rollback(True)
    assert not AuditEvent.objects.exists()


def test_a_long_detail_is_cut(alice):
    assert len(audit.record(AuditKind.INVITED, person=alice, detail="x" * 5000).detail) == audit.LONGEST


def test_the_schedule_prunes_what_is_old(alice, settings):
    old = timezone.now() - settings.AUDIT_KEEP - timedelta(days=1)
    AuditEvent.objects.bulk_create(AuditEvent(kind=AuditKind.SIGNED_IN, at=old) for _ in range(3))
    kept = audit.record(AuditKind.SIGNED_IN, person=alice)
    run = engine.start("prune audit", {})
    run_until_idle()
    assert list(AuditEvent.objects.all()) == [kept]
    run.refresh_from_db()
    assert run.status == "succeeded"
