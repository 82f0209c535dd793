"""PostgreSQL ends one of two transactions that wait for each other; SQLite has one writer, and no such thing."""

from threading import Barrier

import pytest
from django.db import connection, transaction
from django.db.models import F

from tests.at_once import at_once
from tests.workflows.definitions import NOW, calls
from workflows import engine
from workflows.models import EVER, Attempt, Counter
from workflows.replay.execution import execute
from workflows.transitions import runs

pytestmark = [
    pytest.mark.database,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="run it with --database postgres"),
]


@pytest.fixture
def meeting():
    """Return a function in which two threads wait for each other, once for each name."""
    barrier = Barrier(2)

    def meet(name: str):
        calls[name] += 1
        if calls[name] == 1:
            barrier.wait(timeout=10)

    return meet


@pytest.fixture(autouse=True)
def counters():
    Counter.objects.bulk_create(Counter(name=name, minute_at=EVER, value=0) for name in "ab")


def add_to(name: str) -> None:
    assert Counter.objects.filter(name=name).update(value=F("value") + 1) == 1


def totals() -> list[int]:
    return list(Counter.objects.filter(name__in="ab").order_by("name").values_list("value", flat=True))


@pytest.mark.slow
def test_of_two_steps_that_wait_for_each_other_one_is_retried(ended, meeting):
    @engine.workflow("crossing")
    def crossing(step, *, first, second):
        def add():
            add_to(first)
            meeting(first)
            add_to(second)

        step.transaction("add", add, retry=NOW)

    engine.start(crossing, {"first": "a", "second": "b"})
    engine.start(crossing, {"first": "b", "second": "a"})
    one, two = runs.claim("one", limit=2)
    at_once(lambda: execute(one), lambda: execute(two))
    assert (ended(one), ended(two)) == (None, None)
    assert totals() == [2, 2]
    lost = Attempt.objects.get()
    assert (lost.outcome, "deadlock detected" in lost.error["message"]) == ("failed", True)
    assert calls.total() == 3


def test_a_step_that_cannot_be_recorded_because_somebody_waits_for_it_is_retried(ended, meeting):
    """It holds what the other transaction wants, which holds its run."""

    @engine.workflow("recording")
    def recording(step):
        def add():
            add_to("a")
            meeting("step has the counter")
            meeting("step wants the run")

        step.transaction("add", add, retry=NOW)

    def send_and_add():
        with transaction.atomic():
            connection.cursor().execute("SET LOCAL deadlock_timeout = '20s'")  # so that the step's side is ended
            meeting("other wants the run")
            engine.send_event(run.pk, "approved")
            meeting("other wants the counter")
            add_to("a")

    run = engine.start(recording, {})
    [claimed] = runs.claim("one", limit=1)
    assert at_once(lambda: execute(claimed), send_and_add) == [None, None]
    ended(run)
    assert totals() == [2, 0]
    assert "deadlock detected" in Attempt.objects.get().error["message"]
    assert calls["step wants the run"] == 2
