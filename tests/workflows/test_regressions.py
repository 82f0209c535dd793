"""What a reader of the engine found: each was a way to stall, to lose, or to say what is not true."""

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.db import OperationalError

from tests.workflows.definitions import calls, failing, retried, three_steps
from workflows import engine
from workflows.core import clock
from workflows.core.definitions import ScheduleDefinition, get_consumer, get_schedule
from workflows.core.errors import NotSerializable
from workflows.models import Attempt, Firing, Message, Run, Schedule
from workflows.replay.consuming import consume
from workflows.replay.deadline import Deadline
from workflows.testing import advance, run_until_idle
from workflows.transitions import messages, runs, schedules, steps
from workflows.transitions.guarding import LEASE
from workflows.worker.working import ADRIFT, Hands, work_once

pytestmark = [pytest.mark.database, pytest.mark.django_db]


def test_a_message_is_not_held_on_after_its_consumer_broke_off(monkeypatch):
    hands = Hands("one")

    def lost(*_args, **_kwargs):
        raise OperationalError("the server closed the connection")

    engine.send("letters", "x")
    monkeypatch.setattr("workflows.worker.working.consume", lost)
    with pytest.raises(OperationalError):
        work_once("one", hands)
    assert hands._token == ""


def test_a_release_does_not_count_as_an_attempt():
    consumer = replace(get_consumer("letters"), function=lambda _batch: Deadline.current.release() or time.sleep(5))
    engine.send("letters", "x")
    for _ in range(5):
        consume(consumer, messages.claim(consumer, "one/1"), "one/1")
    message = Message.objects.get()
    assert (message.attempts, message.dead_at, message.errors) == (0, None, [])


def test_a_stranger_with_the_childs_id_is_not_its_child(ended):
    @engine.workflow("has_child")
    def has_child(step):
        return step.child("sub", three_steps, start=1)

    engine.start(three_steps, {"start": 5}, id="order-7.0")
    run = engine.start(has_child, {}, id="order-7")
    run_until_idle()
    assert "belongs to a run that is not a child of this one" in ended(run, "failed")["message"]


def test_a_wait_that_ended_the_run_is_waited_again_when_it_is_retried(ended):
    @engine.workflow("insisting")
    def insisting(step):
        return step.wait_for_event("w", "go", timeout=timedelta(hours=1))

    run = engine.start(insisting, {})
    run_until_idle()
    advance(timedelta(hours=1))
    run_until_idle()
    assert ended(run, "failed")["type"] == "WaitTimedOut"
    engine.retry(run.pk)
    run_until_idle()
    run.refresh_from_db()
    assert run.status == "waiting"
    assert timedelta(minutes=59) < run.wake_at - clock.now() < timedelta(minutes=61)
    engine.send_event(run.pk, "go", "there")
    run_until_idle()
    assert ended(run) == "there"


def test_a_child_that_ended_the_run_is_retried_with_it(ended):
    @engine.workflow("strict_parent")
    def strict(step):
        return step.child("sub", retried)

    failing["shaky"] = 3
    run = engine.start(strict, {})
    for _ in range(4):
        run_until_idle()
        advance(timedelta(hours=1))
    assert ended(run, "failed")["type"] == "ChildFailed"
    engine.retry(run.pk)
    run_until_idle()
    assert ended(run) == "fine"


def test_a_failure_that_the_workflow_wraps_is_retried_too(ended):
    @engine.workflow("wrapping")
    def wrapping(step):
        try:
            step.do("pay", lambda: 1 / calls["paid"], retry=engine.Retry(limit=0))
        except engine.StepFailed as error:
            raise RuntimeError("the order cannot be paid") from error

    run = engine.start(wrapping, {})
    run_until_idle()
    assert ended(run, "failed")["type"] == "RuntimeError"
    calls["paid"] = 1
    engine.retry(run.pk)
    run_until_idle()
    ended(run)


def test_a_step_inside_a_step_is_refused_at_once(ended):
    @engine.workflow("nested")
    def nested(step):
        step.do("outer", lambda: step.do("inner", lambda: 1), retry=engine.Retry(limit=0))

    run = engine.start(nested, {})
    run_until_idle()
    assert "Step 'inner' was called inside another step" in ended(run, "failed")["message"]


def test_a_run_given_back_while_it_should_pause_is_paused():
    engine.start(three_steps, {"start": 1}, id="r")
    [held] = runs.claim("one", limit=1)
    engine.pause("r")
    runs.release(held)
    assert Run.objects.get().status == "paused"
    engine.resume("r")
    assert Run.objects.get().status == "queued"


def test_a_refused_retry_of_a_message_is_told(monkeypatch):
    def backwards(batch):
        for delivery in batch:
            delivery.retry(delay=-timedelta(hours=1))

    consumer = replace(get_consumer("letters"), function=backwards)
    engine.send("letters", "x")
    consume(consumer, messages.claim(consumer, "one/1"), "one/1")
    assert "delay is -1 day, 23:00:00" in Message.objects.get().errors[0]["message"]


def test_a_signal_that_comes_too_late_meets_no_other_code():
    first = Deadline(timedelta(seconds=30))
    with first:
        pass
    with Deadline(timedelta(seconds=30)) as second:
        first.release()
        time.sleep(0.05)
    assert not second.released


def test_a_workflow_that_does_not_come_to_its_next_step_is_noticed():
    engine.start(three_steps, {"start": 1})
    hands = Hands("one")
    taken = hands.each(runs.claim("one", limit=1))
    next(taken)
    assert not hands.is_adrift()
    hands._seen_at -= ADRIFT.total_seconds() + 1
    assert hands.is_adrift()
    with Deadline(timedelta(seconds=5)):
        assert not hands.is_adrift()


def test_one_bad_schedule_does_not_stop_the_others(monkeypatch, caplog):
    broken = ScheduleDefinition("broken", "gone", None, timedelta(hours=1), "UTC", "once", {})
    monkeypatch.setattr("workflows.core.definitions._schedules", {"broken": broken, "all": get_schedule("all")})
    schedules.sync()
    advance(timedelta(hours=1))
    run_until_idle()
    assert Firing.objects.filter(schedule="all").count() == 1
    assert "schedule broken could not be fired" in caplog.text


def test_an_input_that_cannot_be_stored_is_refused_when_it_is_declared():
    with pytest.raises(NotSerializable):
        engine.schedule("bad", three_steps, every=timedelta(hours=1), input={"start": {1}})


def test_a_long_downtime_is_made_up_for_in_bounded_time():
    minutely = ScheduleDefinition("m", "w", "* * * * *", None, "Europe/Berlin", "all")
    now = datetime(2026, 11, 21, 9, 0, 30, tzinfo=UTC)
    begun = time.monotonic()
    found = minutely.last_until(now, since=now - timedelta(days=90), limit=100)
    assert time.monotonic() - begun < 5
    assert len(found) == 100
    assert found[-1] == datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
    assert found[0] == datetime(2026, 11, 21, 7, 21, tzinfo=UTC)


def test_firings_backwards_are_those_forwards():
    for made in (
        ScheduleDefinition("h", "w", "30 * * * *", None, "Europe/Berlin", "all"),
        ScheduleDefinition("e", "w", None, timedelta(minutes=45), "UTC", "all"),
    ):
        since, until = datetime(2026, 10, 24, 20, tzinfo=UTC), datetime(2026, 10, 25, 6, tzinfo=UTC)
        forwards = [made.next_after(since - timedelta(microseconds=1))]
        while (following := made.next_after(forwards[-1])) <= until:
            forwards.append(following)
        assert made.last_until(until, since=since, limit=100) == forwards


def test_a_lost_attempt_does_not_name_who_took_over(ended):
    engine.start(three_steps, {"start": 1})
    [held] = runs.claim("one", limit=1)
    steps.start(held, steps.Recorded(0, "one", "do", config='[3, 0.0, "constant", 0, 60.0]'), timeout=LEASE)
    advance(LEASE)
    run_until_idle()
    assert Attempt.objects.get().worker == ""
    assert Schedule.objects.count() == 0
