from datetime import timedelta

from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts import workflows as cleaning
from workflows import engine
from workflows.testing import run_until_idle


def test_sessions_that_are_over_are_deleted_in_batches(alice, sign_in, monkeypatch):
    monkeypatch.setattr(cleaning, "BATCH", 2)
    for _ in range(5):
        sign_in(alice)
    Session.objects.update(expire_date=timezone.now() - timedelta(minutes=1))
    session = sign_in(alice)
    run = engine.start(cleaning.clear_sessions, {})
    run_until_idle()
    run.refresh_from_db()
    assert run.output == "5"
    assert [step.result for step in run.steps.filter(kind="transaction").order_by("position")] == ["2", "2", "1", "0"]
    assert session.get("/lists/").status_code == 200
