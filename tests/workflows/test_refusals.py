"""Each call that is refused says what is wrong and what to do."""

import re
from datetime import datetime, timedelta

import pytest

from tests.workflows.definitions import anything, calls, three_steps
from workflows import engine
from workflows.core.errors import (
    DuplicateDefinition,
    InvalidDefinition,
    InvalidId,
    InvalidInput,
    InvalidValue,
    NotSerializable,
    TooLarge,
    UnknownQueue,
    UnknownSchedule,
    UnknownWorkflow,
)
from workflows.core.policy import Retry
from workflows.testing import run_until_idle
from workflows.transitions import messages, schedules

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: engine.start("nothing", {}),
            UnknownWorkflow,
            "There is no workflow 'nothing' here. Known workflows: anyth",
        ),
        (lambda: engine.start(three_steps, {}), InvalidInput, "workflow three_steps: missing a required .*'start'"),
        (lambda: engine.start(three_steps, {"start": 1, "x": 2}), InvalidInput, "unexpected keyword argument 'x'"),
        (lambda: engine.start(three_steps, {"start": {1}}), NotSerializable, r"the input\['start'\] is of type set"),
        (lambda: engine.start(three_steps, {"start": "x" * 2**20}), TooLarge, "private file storage and pass its key"),
        (lambda: engine.start(three_steps, {"start": 1}, id=""), InvalidId, "use 1 to 100 characters"),
        (lambda: engine.start(three_steps, {"start": 1}, id="x" * 101), InvalidId, "use 1 to 100 characters"),
        (lambda: engine.start(three_steps, {"start": 1}, id="a\nb"), InvalidId, "without control characters"),
        (lambda: engine.send_event("x", "", 1), InvalidValue, "event's type is '': use 1 to 100 printable"),
        (lambda: engine.send("nowhere", 1), UnknownQueue, "There is no queue 'nowhere' here. Known queues: .*letters"),
        (lambda: engine.send("letters", 1, delay=-HOUR), InvalidValue, "delay is -1 day, 23:00:00: it goes from 0"),
        (lambda: engine.send("letters", 1, delay=HOUR * 10_000), InvalidValue, "it goes from 0 to 365 days"),
        (lambda: engine.send("letters", object()), NotSerializable, "The body is of type object"),
        (lambda: engine.send("letters", 1, idempotency_key=""), InvalidId, "use 1 to 200 characters"),
        (lambda: engine.send_batch("letters", [1], idempotency_keys=[]), InvalidValue, "one key for each body"),
        (lambda: messages.pause("nowhere"), UnknownQueue, "There is no queue 'nowhere' here"),
        (lambda: schedules.fire("never"), UnknownSchedule, "There is no schedule 'never' here. Known schedules:"),
        (lambda: Retry(limit=-1), InvalidValue, "Retry.limit is -1: it goes from 0 to 100"),
        (lambda: Retry(delay=-HOUR), InvalidValue, "Retry.delay is -1 day, 23:00:00"),
        (lambda: Retry(backoff="cubic"), InvalidValue, "use constant, linear or exponential"),  # type: ignore[arg-type]
        (lambda: Retry(jitter=2), InvalidValue, "Retry.jitter is 2: it goes from 0 to 1"),
        (lambda: Retry(delay=5), InvalidValue, "Retry.delay is 5: give a timedelta"),  # type: ignore[arg-type]
    ],
)
def test_calls(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_a_workflow_is_defined_once():
    with pytest.raises(DuplicateDefinition, match="Version 1 of workflow three_steps is already defined in tests"):
        engine.workflow("three_steps")(lambda _step: None)


def test_a_queue_has_one_consumer():
    with pytest.raises(DuplicateDefinition, match="Queue letters is already defined in tests"):
        engine.consumer("letters")(lambda _batch: None)


@pytest.mark.parametrize(
    ("declare", "message"),
    [
        (lambda: engine.workflow("v", version=0)(lambda _step: None), "versions start at 1"),
        (lambda: engine.workflow("x" * 101)(lambda _step: None), "use 1 to 100 printable characters"),
        (lambda: engine.consumer("q", max_batch_size=0), "max_batch_size goes from 1 to 100"),
        (lambda: engine.consumer("q", max_batch_size=101), "max_batch_size goes from 1 to 100"),
        (lambda: engine.consumer("q", max_retries=101), "max_retries goes from 0 to 100"),
        (lambda: engine.consumer("q", concurrency=0), "concurrency starts at 1"),
        (lambda: engine.consumer("q", timeout=timedelta(0)), "timeout must be positive"),
        (lambda: engine.schedule("s", three_steps, input={"start": 1}), "give either cron or every"),
        (lambda: engine.schedule("s", three_steps, cron="x", input={"start": 1}), "'x' is not a cron expression"),
        (lambda: engine.schedule("s", three_steps, cron="61 * * * *", input={"start": 1}), "is not a cron expression"),
        (lambda: engine.schedule("s", three_steps, cron="0 0 30 2 *", input={"start": 1}), "'0 0 30 2 .' never fires"),
        (lambda: engine.schedule("s", three_steps, every=timedelta(0), input={"start": 1}), "one second"),
        (lambda: engine.schedule("s", three_steps, every=HOUR, time_zone="Mars"), "there is no time zone 'Mars'"),
    ],
)
def test_definitions(declare, message):
    with pytest.raises(InvalidDefinition, match=message):
        declare()


def test_a_schedules_input_must_fit_its_workflow():
    with pytest.raises(InvalidInput, match="missing a required"):
        engine.schedule("s", three_steps, every=HOUR)


def test_a_schedule_is_defined_once():
    with pytest.raises(DuplicateDefinition, match="Schedule hourly is already defined"):
        engine.schedule("hourly", three_steps, every=HOUR, input={"start": 1})


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"function": "set"}, "The result of step 'it' is of type set, which cannot be stored"),
        ({"function": "big"}, "The result of step 'it' takes 2000002 bytes"),
    ],
)
def test_a_result_that_cannot_be_stored_fails_its_step_at_once(given, message, ended):
    run = engine.start(anything, given)
    run_until_idle()
    assert message in ended(run, "failed")["message"]
    assert run.steps.get().attempt == 1


def named(name):
    return lambda step: step.do(name, calls.clear)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (named(""), "The name of a step is '': use 1 to 256 printable characters"),
        (named("x" * 257), "use 1 to 256 printable characters"),
        (named("a\x00"), "use 1 to 256 printable characters"),
        (lambda step: step.sleep("n", -HOUR), "The sleep is -1 day, 23:00:00: it goes from 0 to 365 days"),
        (lambda step: step.sleep("n", HOUR * 9_000), "it goes from 0 to 365 days"),
        (lambda step: step.sleep_until("n", datetime(2026, 1, 1)), "The moment is 2026-01-01 00:00:00: give it a tim"),  # noqa: DTZ001
        (lambda step: step.wait_for_event("n", "t", timeout=-HOUR), "The wait is -1 day"),
        (lambda step: step.do("n", calls.clear, timeout=-HOUR), "timeout is -1 day"),
        (lambda step: step.map("n", sum, [1], batch=0), "batch is 0: it starts at 1"),
        (lambda step: step.child("n", three_steps), "missing a required .*'start'"),
        (lambda _step: {1}, "The output of workflow refused is of type set"),
    ],
)
def test_steps_that_make_no_sense_fail_the_run(body, message, ended, monkeypatch):
    from workflows.core import definitions as registry

    monkeypatch.setattr(registry, "_workflows", {**registry._workflows, "refused": {}})
    run = engine.start(engine.workflow("refused")(body), {})
    run_until_idle()
    assert re.search(message, ended(run, "failed")["message"])


def test_a_run_has_at_most_ten_thousand_steps(ended, monkeypatch):
    monkeypatch.setattr("workflows.replay.step.STEPS_LIMIT", 3)

    @engine.workflow("endless")
    def endless(step):
        while True:
            step.now()

    run = engine.start(endless, {})
    run_until_idle()
    assert "The number of steps is 4: 3 at most" in ended(run, "failed")["message"]
