"""Random workflows with random crashes and event timings, against a model that knows nothing of how it is done."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.workflows.definitions import call as do_call
from tests.workflows.definitions import calls, failing, write, written
from workflows import engine
from workflows.core import clock, codec, crash
from workflows.models import AuditLine, Run
from workflows.testing import POINTS, advance, crash_at, run_until_idle
from workflows.transitions.guarding import LEASE

pytestmark = [pytest.mark.database, pytest.mark.django_db]
CRASHES = 3
MINUTE = timedelta(minutes=1)


@engine.workflow()
def interpreted(step, *, ops: list[dict]):
    """Do what the list says and return how each came out."""
    return [perform(step, number, op) for number, op in enumerate(ops)]


def perform(step, number: int, op: dict):
    name = f"{op['kind']} {number}"
    retry = engine.Retry(limit=op.get("limit", 0) + CRASHES, delay=op.get("delay", timedelta(0)), jitter=0)
    try:
        match op["kind"]:
            case "do":
                return step.do(name, do_call, name, number, retry=retry)
            case "transaction":
                return step.transaction(name, write, name, retry=retry)
            case "sleep":
                return step.sleep(name, op["duration"])
            case "event":
                return step.wait_for_event(name, name, timeout=timedelta(hours=1))
            case "map":
                return step.map(name, sum, list(range(op["items"])), batch=2, in_transaction=op["in_transaction"])
            case "child":
                return step.child(name, interpreted, ops=op["ops"])
    except engine.WorkerLost:
        return "StepFailed"  # the last attempt's own failure was lost with its worker
    except engine.StepFailed as error:
        return type(error).__name__


def model(ops: list[dict]) -> list:
    """Say what the run returns."""
    return [expected(number, op) for number, op in enumerate(ops)]


def expected(number: int, op: dict):
    match op["kind"]:
        case "do":
            return number if op["failures"] <= op["limit"] else "StepFailed"
        case "transaction":
            return f"transaction {number}"
        case "sleep":
            return None
        case "event":
            return "WaitTimedOut" if op["sent"] == "never" else f"payload {number}"
        case "map":
            items = list(range(op["items"]))
            return [sum(items[start : start + 2]) for start in range(0, len(items), 2)]
        case "child":
            return model(op["ops"])


delays = st.sampled_from([timedelta(0), MINUTE])
plain = [
    st.builds(
        lambda failures, limit, delay: {"kind": "do", "failures": failures, "limit": limit, "delay": delay},
        st.sampled_from([0, 0, 1, 2, 1000]),
        st.just(2),
        delays,
    ),
    st.just({"kind": "transaction"}),
    st.builds(lambda duration: {"kind": "sleep", "duration": duration}, delays),
    st.builds(
        lambda items, in_transaction: {"kind": "map", "items": items, "in_transaction": in_transaction},
        st.integers(0, 5),
        st.booleans(),
    ),
]
events = st.builds(lambda sent: {"kind": "event", "sent": sent}, st.sampled_from(["before", "during", "never"]))
children = st.builds(lambda ops: {"kind": "child", "ops": ops}, st.lists(st.one_of(*plain[1:]), max_size=3))
workflows = st.lists(st.one_of(*plain, events, children), min_size=1, max_size=6)
crashes = st.lists(st.tuples(st.sampled_from(sorted(POINTS)), st.integers(1, 6)), max_size=CRASHES)


def play(ops: list[dict]) -> None:
    """Start the run, send its events when they are due, and let time pass until it is over."""
    run = engine.start(interpreted, {"ops": ops}, id="it")
    for number, op in enumerate(ops):
        if op["kind"] == "event" and op["sent"] == "before":
            engine.send_event("it", f"event {number}", f"payload {number}", missing_ok=True)
    for _ in range(60):
        run_until_idle()
        run.refresh_from_db()
        if run.is_finished:
            return
        waits_for = run.waiting_for.rpartition(" ")[2]
        if run.waiting_for.startswith("event") and ops[int(waits_for)]["sent"] == "during":
            engine.send_event("it", f"event {waits_for}", f"payload {waits_for}")
        else:
            next_at = min(wake for wake in Run.objects.values_list("wake_at", flat=True) if wake)
            advance(max(next_at - clock.now(), timedelta(0)))
    raise AssertionError(f"the run is stuck: {run.status}, {run.waiting_for}")


def plan_failures(ops: list[dict]) -> None:
    failing.clear()
    for number, op in enumerate(ops):
        if op["kind"] == "do":
            failing[f"do {number}"] = op["failures"]


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(workflows, crashes)
@example(
    ops=[{"kind": "do", "failures": 1000, "limit": 2, "delay": timedelta(0)}],
    crashes=[("steps.end_attempt.before", 6)],
)
def test_a_run_ends_as_the_model_says(ops, crashes):
    check(ops, crashes)


@pytest.mark.slow
@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(workflows, crashes)
def test_many_runs_end_as_the_model_says(ops, crashes):
    check(ops, crashes)


def check(ops: list[dict], crashes: list[tuple[str, int]]) -> None:
    Run.objects.all().delete()
    AuditLine.objects.all().delete()
    calls.clear()
    plan_failures(ops)
    for point, passage in crashes:
        with crash_at(point, at=passage):
            play(ops)
        advance(LEASE)
    crash.disarm()
    play(ops)
    run = Run.objects.get(pk="it")
    assert run.status == "succeeded", run.error
    assert codec.decode(run.output or "") == model(ops)
    assert not Run.objects.unfinished().exists()
    for number, op in enumerate(ops):
        if op["kind"] == "transaction":
            assert written(f"transaction {number}") >= 1
        if op["kind"] == "do" and op["failures"] <= op["limit"]:
            assert calls[f"do {number}"] >= 1 + op["failures"]
    assert_transactions_once(ops)


def assert_transactions_once(ops: list[dict]) -> None:
    """Count the rows of all transactions, those of children (which number theirs anew) included."""

    def count(ops: list[dict]) -> int:
        own = sum(op["kind"] == "transaction" for op in ops)
        return own + sum(count(op["ops"]) for op in ops if op["kind"] == "child")

    assert AuditLine.objects.filter(subject="test").count() == count(ops)
