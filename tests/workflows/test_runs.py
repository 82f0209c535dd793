from datetime import timedelta

import pytest
from django.db import transaction

from tests.workflows import definitions
from tests.workflows.definitions import (
    EVERYTHING,
    calls,
    everything,
    failing,
    forgiving,
    keyed,
    parent,
    repeated_names,
    retried,
    secretive,
    shape,
    swallowing,
    three_steps,
    written,
)
from workflows import engine
from workflows.core import clock
from workflows.models import Attempt, Run
from workflows.testing import advance, run_until_idle

pytestmark = [pytest.mark.database, pytest.mark.django_db]


def test_a_run_executes_its_steps_once_and_returns(ended):
    run = engine.start(three_steps, {"start": 1})
    run_until_idle()
    assert ended(run) == {"one": 2, "two": "two"}
    assert calls == {"one": 1, "two": 1, "three": 1}
    assert list(run.steps.values_list("key", "status", "attempt")) == [
        ("one", "succeeded", 1),
        ("two", "succeeded", 1),
        ("three", "succeeded", 1),
    ]


def test_every_kind_of_step(ended):
    run = engine.start(everything, {}, id="every-1")
    run_until_idle()
    run.refresh_from_db()
    assert (run.status, run.waiting_for) == ("waiting", "sleep nap")
    advance(timedelta(minutes=1))
    run_until_idle()
    run.refresh_from_db()
    assert (run.status, run.waiting_for) == ("waiting", "event approved")
    engine.send_event(run.pk, "approved", "yes")
    run_until_idle()
    run.refresh_from_db()
    assert (run.status, run.waiting_for) == ("waiting", "sleep later")
    assert (run.progress_done, run.progress_total) == (5, 5)
    advance(timedelta(hours=2))
    run_until_idle()
    assert ended(run) == EVERYTHING
    assert calls == {"do": 1, "write": 1, "one": 1, "two": 1, "three": 1}
    assert [step.key for step in run.steps.filter(key__startswith="each")] == ["each", "each#2", "each#3"]


def test_the_same_id_is_the_same_run(ended):
    first = engine.start(three_steps, {"start": 1}, id="import-7")
    run_until_idle()
    again = engine.start(three_steps, {"start": 99}, id="import-7")
    run_until_idle()
    assert again.pk == first.pk
    assert ended(again)["one"] == 2
    assert calls["one"] == 1


@pytest.mark.django_db(transaction=True)
def test_a_run_exists_exactly_when_its_cause_does():
    with transaction.atomic():
        engine.start(three_steps, {"start": 1})
        transaction.set_rollback(True)
    assert not Run.objects.exists()
    with transaction.atomic():
        engine.start(three_steps, {"start": 1})
    run_until_idle()
    assert Run.objects.get().status == "succeeded"


def test_many_runs_start_at_once(ended):
    for run in engine.start_many(three_steps, [{"start": number} for number in range(25)]):
        run_until_idle()
        ended(run)


def test_a_failed_step_is_repeated_with_its_delays(ended):
    failing["shaky"] = 2
    run = engine.start(retried, {})
    for minutes in (1, 2):
        run_until_idle()
        run.refresh_from_db()
        assert (run.status, run.waiting_for) == ("waiting", "retry shaky")
        advance(timedelta(minutes=minutes, seconds=-1))
        run_until_idle()
        assert calls["shaky"] == minutes
        advance(timedelta(seconds=1))
    run_until_idle()
    assert ended(run) == "fine"
    assert list(Attempt.objects.order_by("number").values_list("number", "outcome", "error__message")) == [
        (1, "failed", "shaky is broken"),
        (2, "failed", "shaky is broken"),
    ]


def test_the_last_failure_ends_the_run_and_retry_goes_on(ended):
    failing["shaky"] = 4
    run = engine.start(retried, {})
    for _ in range(3):
        run_until_idle()
        advance(timedelta(hours=1))
    assert ended(run, "failed")["message"] == "Step 'shaky' failed permanently: ValueError: shaky is broken"
    assert calls["shaky"] == 3
    engine.retry(run.pk)
    run_until_idle()
    advance(timedelta(hours=1))
    run_until_idle()
    assert ended(run) == "fine"
    assert calls["shaky"] == 5
    assert run.steps.get().attempt == 5


def test_a_caught_failure_replays_the_same_way(ended):
    failing["shaky"] = 1
    run = engine.start(forgiving, {})
    run_until_idle()
    assert ended(run) == "shaky ValueError shaky is broken"
    assert calls == {"shaky": 1, "undo": 1}


def test_non_retryable_ends_a_step_at_once(ended):
    @engine.workflow("refusing")
    def refusing(step):
        def refuse():
            calls["refuse"] += 1
            raise engine.NonRetryable("no such card")

        step.do("pay", refuse)

    run = engine.start(refusing, {})
    run_until_idle()
    assert ended(run, "failed")["message"] == "Step 'pay' failed permanently: NonRetryable: no such card"
    assert calls["refuse"] == 1


def test_a_repeated_name_is_numbered(ended):
    run = engine.start(repeated_names, {})
    run_until_idle()
    assert ended(run) == [0, 1, 2]
    assert list(run.steps.values_list("key", flat=True)) == ["same", "same#2", "same#3"]


def test_the_idempotency_key_is_that_of_the_step(ended):
    run = engine.start(keyed, {}, id="payment-1")
    run_until_idle()
    assert ended(run) == "payment-1:pay"
    assert calls == {"payment-1:pay": 2}


def test_a_child_that_fails_is_an_error_of_its_parent(ended):
    failing["shaky"] = 3
    run = engine.start(parent, {}, id="mother")
    for _ in range(3):
        run_until_idle()
        advance(timedelta(hours=1))
    run_until_idle()
    assert ended(run).startswith("run mother.0 failed: StepFailed: Step 'shaky' failed permanently")


def test_code_that_swallows_the_suspension_gets_no_further(ended):
    run = engine.start(swallowing, {})
    run_until_idle()
    run.refresh_from_db()
    assert (run.status, run.waiting_for) == ("waiting", "sleep nap")
    advance(timedelta(hours=1))
    run_until_idle()
    assert ended(run) == "rested"
    assert calls["too far"] == 0


@pytest.mark.parametrize(
    ("before", "after", "asked", "recorded"),
    [
        ([("do", "a"), ("sleep", "b")], [("do", "c"), ("sleep", "b")], "do 'c'", "do 'a'"),
        ([("do", "a"), ("sleep", "b")], [("sleep", "a"), ("sleep", "b")], "sleep 'a' for 1:00:00", "do 'a'"),
        ([("do", "a"), ("sleep", "b")], [("do", "a")], "nothing more, it returned", "sleep 'b' for 1:00:00"),
    ],
)
def test_code_that_does_not_repeat_itself_fails_and_names_both(ended, before, after, asked, recorded):
    shape[:] = before
    run = engine.start(definitions.flexible, {})
    run_until_idle()
    shape[:] = after
    advance(timedelta(hours=1))
    run_until_idle()
    error = ended(run, "failed")
    assert error["type"] == "NonDeterminism"
    assert f"it asks for {asked}, but the run recorded {recorded}" in " ".join(error["message"].split())


def test_code_that_was_put_right_goes_on(ended):
    shape[:] = [("do", "a"), ("sleep", "b")]
    run = engine.start(definitions.flexible, {})
    run_until_idle()
    shape[:] = [("do", "c")]
    advance(timedelta(hours=1))
    run_until_idle()
    shape[:] = [("do", "a"), ("sleep", "b"), ("do", "d")]
    engine.retry(run.pk)
    run_until_idle()
    assert ended(run) == "end"
    assert calls == {"a": 1, "d": 1}


def test_a_run_waits_for_the_code_of_its_version(ended, monkeypatch):
    from workflows.core import definitions as registry

    run = engine.start(definitions.versioned_1, {})
    run_until_idle()
    monkeypatch.setitem(registry._workflows, "versioned", {2: definitions.versioned_1})
    advance(timedelta(hours=1))
    run_until_idle()
    run.refresh_from_db()
    assert (run.status, run.waiting_for) == ("waiting", "code of versioned version 1")
    monkeypatch.setitem(registry._workflows, "versioned", {1: definitions.versioned_1})
    advance(timedelta(seconds=30))
    run_until_idle()
    assert ended(run) == 1


def test_sensitive_runs_and_steps_are_marked(ended):
    run = engine.start(secretive, {"password": "sample"})
    run_until_idle()
    ended(run)
    assert run.sensitive
    assert run.steps.get().sensitive


def test_times_are_those_of_the_engines_clock(ended):
    @engine.workflow("telling")
    def telling(step):
        first = step.now()
        step.sleep("nap", timedelta(hours=1))
        return [first, step.now()]

    run = engine.start(telling, {})
    run_until_idle()
    advance(timedelta(hours=5))
    run_until_idle()
    first, second = ended(run)
    assert second - first > timedelta(hours=5)
    assert abs(clock.now() - second) < timedelta(minutes=1)


def test_a_transaction_that_fails_leaves_nothing(ended):
    @engine.workflow("half")
    def half(step):
        def write_and_fail():
            definitions.write("half")
            call_count = calls["half"]
            if call_count < 3:
                raise ValueError("not yet")
            return call_count

        return step.transaction("half", write_and_fail, retry=definitions.NOW)

    run = engine.start(half, {})
    run_until_idle()
    assert ended(run) == 3
    assert written("half") == 1
