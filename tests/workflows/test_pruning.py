from datetime import timedelta

import pytest
from django.db import transaction

from tests.at_once import during
from tests.workflows.definitions import call, calls, everything, failing, parent, retried, three_steps
from workflows import engine
from workflows.core import clock
from workflows.core.errors import EngineError, UnknownRun, WrongStatus
from workflows.models import Attempt, AuditLine, Event, Firing, Message, Run, Schedule, Step
from workflows.testing import advance, run_until_idle
from workflows.transitions import pruning, steering
from workflows.workflows import prune

pytestmark = [pytest.mark.database, pytest.mark.django_db]
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
    steering.audit("look", "run", run.pk, by=None)
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


@engine.workflow()
def breaking(step):
    step.do("first", call, "first")
    return step.do("second", call, "second", "whole", retry=engine.Retry(limit=0))


@engine.workflow()
def breaking_parent(step):
    step.do("before", call, "before")
    return step.child("sub", breaking)


def start_failed(workflow, **given) -> Run:
    """Start a run that fails in its second step, and is over for a month."""
    failing["second"] = 1
    run = engine.start(workflow, {}, **given)
    run_until_idle()
    run.refresh_from_db()
    assert run.status == "failed"
    advance(MONTH)
    return run


def forget(*, limit: int = 100) -> int:
    with transaction.atomic():  # as the workflow's step
        return pruning.runs(clock.now() - MONTH, limit=limit)


def forget_all() -> None:
    while forget():
        pass


def test_a_run_whose_pruning_has_begun_is_not_retried():
    run = start_failed(breaking)
    assert forget(limit=1) == 1
    with pytest.raises(WrongStatus, match="only runs that are failed can be retried"):
        engine.retry(run.pk)
    forget_all()
    with pytest.raises(UnknownRun):
        engine.retry(run.pk)
    assert not Step.objects.exists()


def test_a_run_that_is_retried_is_not_pruned(ended):
    run = start_failed(breaking)
    engine.retry(run.pk)
    forget_all()
    run_until_idle()
    assert ended(run) == "whole"
    assert calls == {"first": 1, "second": 2}


@pytest.mark.slow
@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_a_family_is_pruned_whole_or_retried_whole(ended, limit):
    """A parent that were retried without its child's steps would do them again."""
    for transactions in range(8):
        calls.clear()
        run = start_failed(breaking_parent)
        for _ in range(transactions):
            forget(limit=limit)
        try:
            engine.retry(run.pk)
        except EngineError:
            forget_all()
            assert not Run.objects.exists()
        else:
            forget_all()
            run_until_idle()
            assert ended(run) == "whole"
            assert calls == {"before": 1, "first": 1, "second": 2}
            Run.objects.all().delete()


def test_a_child_stays_while_its_parent_can_be_retried(ended):
    """The parent was paused when the child failed, and ended later."""
    run = start_failed(breaking_parent)
    Run.objects.filter(pk=run.pk).update(finished_at=clock.now())
    forget_all()
    engine.retry(run.pk)
    run_until_idle()
    assert ended(run) == "whole"
    assert calls["first"] == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("workflow", [breaking, breaking_parent])
def test_a_retry_while_a_run_is_pruned_is_refused(workflow):
    run = start_failed(workflow)
    assert isinstance(during(forget_all, lambda: engine.retry(run.pk)), EngineError)
    assert not Run.objects.exists()
    assert not Step.objects.exists()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("workflow", [breaking, breaking_parent])
def test_pruning_while_a_run_is_retried_leaves_it(ended, workflow):
    run = start_failed(workflow)
    assert during(lambda: engine.retry(run.pk), forget) == 0
    run_until_idle()
    assert ended(run) == "whole"
    assert calls["first"] == 1


def test_dead_letters_and_unfinished_runs_stay():
    engine.send("letters", "never")
    waiting = engine.start(everything, {})
    run_until_idle()
    advance(timedelta(minutes=1))
    engine.pause(waiting.pk)
    run_until_idle()
    advance(MONTH * 2)
    for prunes in (pruning.runs, pruning.messages):
        assert prunes(clock.now() - MONTH, limit=100) == 0


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
