from datetime import timedelta

import pytest

from tests.workflows.definitions import everything, failing, parent, retried, three_steps
from workflows import clock, engine
from workflows.models import Attempt, AuditLine, Event, Firing, Message, Run, Schedule, Step
from workflows.testing import advance, run_until_idle
from workflows.transitions import people, pruning
from workflows.workflows import prune

pytestmark = pytest.mark.django_db
MONTH = timedelta(days=30)


def test_what_is_over_is_forgotten_in_bounded_batches(ended):
    failing["shaky"] = 1
    engine.start(retried, {})
    engine.start_many(three_steps, [{"start": 1}] * 5)
    run = engine.start(everything, {})
    engine.send_event(run.pk, "approved")
    engine.send("letters", "x", idempotency_key="once")
    for _ in range(4):
        run_until_idle()
        advance(timedelta(hours=2))
    people.audit("look", "run", run.pk, by=None)
    fired = Schedule.objects.create(name="s", definition="d")
    Firing.objects.create(schedule=fired, fire_at=clock.now(), fired_at=clock.now(), run=run)
    assert pruning.runs(clock.now() - MONTH, limit=3) == 0
    advance(MONTH)
    assert pruning.runs(clock.now() - MONTH, limit=3) == 3
    pruner = engine.start(prune, {})
    run_until_idle()
    assert ended(pruner) > 5
    assert list(Run.objects.values_list("pk", flat=True)) == [pruner.pk]
    assert not Attempt.objects.exists()
    assert not Event.objects.exists()
    assert not Message.objects.exists()
    assert not Firing.objects.exists()
    assert not AuditLine.objects.filter(verb="look").exists()
    assert Step.objects.count() == pruner.steps.count()


def test_dead_letters_and_unfinished_runs_stay():
    engine.send("letters", "never")
    waiting = engine.start(everything, {})
    run_until_idle()
    advance(timedelta(minutes=1))
    engine.pause(waiting.pk)
    run_until_idle()
    advance(MONTH * 2)
    for forget in (pruning.runs, pruning.messages):
        assert forget(clock.now() - MONTH, limit=100) == 0


def test_a_child_stays_while_its_parent_is_not_over(ended):
    """A parent that looks for a child that is gone would start it anew."""
    run = engine.start(parent, {}, id="mother")
    run_until_idle()
    Run.objects.filter(pk="mother").update(status="paused", finished_at=None, paused_at=clock.now())
    advance(MONTH * 2)
    assert pruning.runs(clock.now() - MONTH, limit=100) == 0
    Run.objects.filter(pk="mother").update(status="succeeded", finished_at=clock.now() - MONTH * 2, paused_at=None)
    assert pruning.runs(clock.now() - MONTH, limit=100) == 1
    assert pruning.runs(clock.now() - MONTH, limit=100) == 1
    assert run.pk == "mother"
