"""Claims, leases and fences: what happens to workers that are slow, frozen or killed."""

from datetime import timedelta

import pytest

from tests.workflows.definitions import NOW, calls, sleeping, three_steps, write, written
from workflows import engine
from workflows.core import clock, crash
from workflows.core.definitions import get_consumer
from workflows.models import Attempt, Run
from workflows.replay.execution import LOST_LIMIT, execute
from workflows.testing import advance, crash_at, run_until_idle
from workflows.transitions import messages, runs
from workflows.transitions.guarding import LEASE
from workflows.worker.working import Hands

pytestmark = [pytest.mark.database, pytest.mark.django_db]


def test_a_claimed_run_is_nobody_elses_until_its_lease_ends():
    engine.start(three_steps, {"start": 1})
    [mine] = runs.claim("one", limit=10)
    assert runs.claim("two", limit=10) == []
    advance(LEASE / 2)
    runs.extend("one", [mine.pk])
    runs.extend("two", [mine.pk])
    advance(LEASE / 2)
    assert runs.claim("two", limit=10) == []
    advance(LEASE / 2)
    [theirs] = runs.claim("two", limit=10)
    assert theirs.fence == mine.fence + 1


def test_a_worker_that_lost_its_claim_can_do_nothing(ended):
    """Frozen before its transaction commits, it wakes up when another worker has finished the run."""
    late = {}

    @engine.workflow("frozen")
    def frozen(step):
        def freeze():
            calls["freeze"] += 1
            if calls["freeze"] == 1:
                advance(LEASE)
                execute(runs.claim("two", limit=1)[0])
                late["status"] = Run.objects.get().status
            return calls["freeze"]

        return step.do("freeze", freeze, retry=NOW)

    run = engine.start(frozen, {})
    execute(runs.claim("one", limit=1)[0])
    assert late["status"] == "succeeded"
    assert ended(run) == 2
    assert Attempt.objects.get().outcome == "lost"


def test_a_frozen_transaction_leaves_no_rows(ended, monkeypatch):
    @engine.workflow("frozen_transaction")
    def frozen(step):
        def write_and_lose():
            write("frozen")
            Run.objects.update(fence=99)

        step.transaction("write", write_and_lose, retry=NOW)

    engine.start(frozen, {})
    execute(runs.claim("one", limit=1)[0])
    assert written("frozen") == 0


def test_a_step_that_kills_its_worker_ends_as_failed(ended):
    @engine.workflow("poison")
    def poison(step):
        def kill():
            calls["kill"] += 1
            raise crash.Crash

        step.do("kill", kill, retry=engine.Retry(limit=2))

    run = engine.start(poison, {})
    for _ in range(5):
        with pytest.raises(crash.Crash) if calls["kill"] < 3 else crash_at("runs.claim.after", at=99):
            run_until_idle()
        advance(LEASE)
    assert ended(run, "failed")["type"] == "WorkerLost"
    assert calls["kill"] == 3
    assert [attempt.outcome for attempt in Attempt.objects.all()] == ["lost"] * 3


def test_a_run_that_kills_its_worker_while_it_replays_ends_as_failed(ended):
    @engine.workflow("poison_replay")
    def poison(_step):
        calls["replay"] += 1
        raise crash.Crash

    run = engine.start(poison, {})
    for _ in range(LOST_LIMIT + 5):
        with crash_at("runs.claim.after", at=99):
            run_until_idle()
        advance(LEASE)
    assert "20 workers in a row" in ended(run, "failed")["message"]
    assert calls["replay"] == LOST_LIMIT + 1


def test_losses_at_different_steps_do_not_add_up(ended):
    @engine.workflow("unlucky")
    def unlucky(step):
        for number in range(LOST_LIMIT + 5):
            step.now()
            calls[f"at {number}"] += 1
            if calls[f"at {number}"] == 1:
                raise crash.Crash
        return "through"

    run = engine.start(unlucky, {})
    for _ in range(LOST_LIMIT + 6):
        with crash_at("runs.claim.after", at=99):
            run_until_idle()
        advance(LEASE)
    assert ended(run) == "through"


def test_a_batch_of_runs_that_would_wait_too_long_goes_back():
    engine.start_many(three_steps, [{"start": number} for number in range(3)])
    hands = Hands("one")
    taken = hands.each(runs.claim("one", limit=10))
    first = next(taken)
    hands.keep()
    assert runs.claim("two", limit=10) == []
    hands._since -= 60
    hands.keep()
    assert {run.pk for run in runs.claim("two", limit=10)} == set(
        Run.objects.exclude(pk=first.pk).values_list("pk", flat=True)
    )
    assert list(taken) == []


def test_dead_processes_hold_nothing():
    engine.start(three_steps, {"start": 1})
    engine.send("letters", "x")
    runs.claim("host-1:17", limit=1)
    messages.claim(get_consumer("letters"), "host-1:17/a")
    runs.expire("host-1:")
    messages.expire("host-1:")
    assert runs.claim("host-2:1", limit=1)
    assert messages.claim(get_consumer("letters"), "host-2:1/b")


def test_sleeping_runs_are_found_by_the_time_they_wake(ended):
    run = engine.start(sleeping, {"hours": 5})
    run_until_idle()
    assert runs.next_wake() - clock.now() > timedelta(hours=4, minutes=59)
    advance(timedelta(hours=5))
    assert [claimed.pk for claimed in runs.claim("one", limit=5)] == [run.pk]
