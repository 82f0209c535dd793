"""The crash matrix: at each named point, at each of its first passages, then recovery."""

from datetime import timedelta

import pytest
from django.db import connection

from tests.workflows.definitions import (
    EVERYTHING,
    calls,
    everything,
    failing,
    parent,
    pausing,
    received,
    repeated_names,
    retried,
    sleeping,
    three_steps,
    written,
)
from workflows import engine
from workflows.core import codec, crash
from workflows.models import AuditLine, Firing, Message, Run, Schedule
from workflows.testing import POINTS, advance, crash_at, run_until_idle
from workflows.transitions import messages, pruning, schedules
from workflows.transitions.guarding import LEASE

pytestmark = [pytest.mark.database, pytest.mark.django_db]
# A later passage differs by what the run has done before, not by the database, which every point meets at its first.
PASSAGES = [1, 2, 3] if connection.vendor == "sqlite" else [1]
UNREACHED = {
    # What only a lost or overtaken worker does; tests/workflows/worker/test_working.py has them.
    "messages.give_back.before",
    "messages.give_back.after",
    "runs.note_loss.before",
    "runs.note_loss.after",
}


def play() -> None:
    """Touch every verb; played again from the beginning after a crash, as callers that retry do."""
    main = engine.start(everything, {}, id="main")
    engine.start(parent, {}, id="mother")
    engine.start(retried, {}, id="failing")
    if not Run.objects.filter(workflow=repeated_names.name).exists():
        engine.start_many(repeated_names, [{}, {}])
    engine.start(sleeping, {}, id="cancelled")
    engine.start(pausing, {}, id="pausing")
    engine.send("letters", "one", idempotency_key="one")
    engine.send("letters", "never", idempotency_key="never", delay=timedelta(minutes=15))
    engine.send_batch("letters", ["two", "three"], idempotency_keys=["two", "three"])
    schedules.sync()
    for _ in range(15):
        run_until_idle()
        operate(main)
        advance(timedelta(minutes=10))
    schedules.switch("hourly", on=False)
    run_until_idle()


def operate(main: Run) -> None:
    """Do what people do, each once."""
    main.refresh_from_db()
    if main.waiting_for == "event approved":
        engine.send_event(main.pk, "approved", "yes")
    if not audited("pause", main.pk):
        engine.pause(main.pk)
    for paused in Run.objects.filter(status="paused"):
        engine.resume(paused.pk)
    for failed in Run.objects.filter(pk="failing", status="failed"):
        failing["shaky"] = 0
        engine.retry(failed.pk)
    if main.is_finished:
        engine.restart(main.pk, from_step="each", id="restarted")
    for once, verb, subject_id in (
        (lambda: engine.cancel("cancelled"), "cancel", "cancelled"),
        (lambda: schedules.fire("hourly"), "fire", "hourly"),
        (lambda: messages.pause("letters"), "pause", "letters"),
    ):
        if not audited(verb, subject_id):
            once()
    messages.resume("letters")
    for dead in Message.objects.dead():
        (messages.drop if audited("replay", str(dead.pk)) else messages.replay)([dead.pk])
    for forget in (pruning.audit_lines, pruning.firings, pruning.messages, pruning.runs):
        forget(main.created_at - timedelta(days=1), limit=10)


def audited(verb: str, subject_id: str) -> bool:
    return AuditLine.objects.filter(verb=verb, subject_id=subject_id).exists()


@pytest.fixture(autouse=True)
def only_hourly(monkeypatch):
    from workflows.core.definitions import get_schedule

    monkeypatch.setattr("workflows.core.definitions._schedules", {"hourly": get_schedule("hourly")})
    failing["shaky"] = 100


def test_the_matrix_reaches_every_point():
    for point in POINTS:
        crash.arm(point, at=10**6)
    play()
    untouched = {point for point, left in crash._armed.items() if left == 10**6}
    assert untouched == UNREACHED


@pytest.mark.slow
@pytest.mark.parametrize("point", sorted(set(POINTS) - UNREACHED))
@pytest.mark.parametrize("passage", PASSAGES)
def test_a_crash_anywhere_loses_and_doubles_nothing(point, passage):
    with crash_at(point, at=passage):
        play()
    advance(LEASE)
    play()
    found = {run.pk: run for run in Run.objects.all()}
    del found["mother.0"]  # fails or succeeds, as the other failing run uses up the failures; its mother tells which
    ends = {pk: "cancelled" if pk == "cancelled" else "succeeded" for pk in found}
    assert {pk: run.status for pk, run in found.items()} == ends
    assert codec.decode(found["main"].output) == EVERYTHING
    assert codec.decode(found["restarted"].output) == EVERYTHING
    assert codec.decode(found["failing"].output) == "fine"
    # Exactly once: one row for each run that has such a step.
    assert written("write") == 1
    assert written("two") == sum(run.workflow == three_steps.name for run in found.values())
    # At least once, and no more often than was crashed or failed.
    assert 1 <= calls["do"] <= 2
    assert calls["same"] in (6, 7, 8, 9)
    assert Run.objects.filter(workflow=repeated_names.name).count() == 2
    assert_messages_and_firings()


def assert_messages_and_firings() -> None:
    bodies = [body for batch in received for body in batch]
    assert {"one", "two", "three", "never"} == set(bodies)
    assert not Message.objects.pending().exists()
    assert Message.objects.count() == 3  # the fourth was a dead letter, replayed, dead again, and dropped
    firings = list(Firing.objects.filter(run__isnull=False).values_list("run", flat=True))
    assert len(firings) == len(set(firings))
    assert Schedule.objects.get(pk="hourly").disabled_at
