"""Claims, firings and events over two real connections."""

import threading
import time
from datetime import timedelta

import pytest
from django.db import connection

from tests.at_once import at_once, during
from tests.workflows.definitions import calls, pausing, sleeping, three_steps, waiting
from workflows import engine
from workflows.core.definitions import get_consumer, get_schedule
from workflows.models import Event, Firing, Message, Run, Schedule
from workflows.replay.deadline import Deadline, TimesUp
from workflows.replay.execution import execute
from workflows.testing import advance, run_until_idle
from workflows.transitions import messages, runs, schedules
from workflows.transitions.guarding import LEASE
from workflows.worker.working import Hands

pytestmark = [pytest.mark.database, pytest.mark.django_db(transaction=True)]


def test_two_workers_never_claim_the_same_run():
    engine.start_many(three_steps, [{"start": number} for number in range(60)])

    def claim_all(worker):
        claimed = []
        while found := runs.claim(worker, limit=7):
            claimed += [run.pk for run in found]
        return claimed

    one, two, three = at_once(*(lambda name=name: claim_all(name) for name in ("one", "two", "three")))
    assert len(one + two + three) == len({*one, *two, *three}) == 60


def test_two_workers_never_claim_the_same_message():
    consumer = get_consumer("letters")
    engine.send_batch("letters", list(range(60)))

    def claim_all(worker):
        claimed = []
        while found := messages.claim(consumer, f"{worker}/{len(claimed)}"):
            claimed += [message.pk for message in found]
        return claimed

    one, two = at_once(lambda: claim_all("one"), lambda: claim_all("two"))
    assert len(one + two) == len({*one, *two}) == 60


def test_a_limited_queue_is_not_exceeded_by_two_workers():
    consumer = get_consumer("narrow")
    engine.send_batch("narrow", [1, 2])
    claimed = at_once(lambda: messages.claim(consumer, "one/1"), lambda: messages.claim(consumer, "two/1"))
    assert sorted(len(batch) for batch in claimed) == [0, 1]


def test_the_same_id_started_twice_at_once_is_one_run():
    found = at_once(*[lambda: engine.start(three_steps, {"start": 1}, id="once").pk] * 3)
    assert found == ["once"] * 3
    assert Run.objects.count() == 1


def test_the_same_key_sent_twice_at_once_is_one_message():
    found = at_once(*[lambda: engine.send("letters", "x", idempotency_key="once").pk] * 3)
    assert len(set(found)) == 1
    assert Message.objects.count() == 1


def test_a_schedule_fires_once_on_two_machines(monkeypatch):
    monkeypatch.setattr("workflows.core.definitions._schedules", {"all": get_schedule("all")})
    at_once(schedules.sync, schedules.sync)
    Schedule.objects.update(next_fire_at=Schedule.objects.get().next_fire_at - timedelta(hours=1))
    at_once(schedules.fire_due, schedules.fire_due, schedules.fire_due)
    assert Firing.objects.count() == Run.objects.count() == 1


def test_an_event_that_comes_while_the_run_goes_to_wait_is_not_missed(ended):
    """Whichever comes first, the run takes the event; never does it sleep beside it."""
    for number in range(10):
        run = engine.start(waiting, {}, id=f"race-{number}")
        [claimed] = runs.claim("one", limit=1)
        at_once(lambda claimed=claimed: execute(claimed), lambda run=run: engine.send_event(run.pk, "approved", 1))
        run_until_idle()
        assert ended(run) == 1


def test_an_event_that_comes_as_the_wait_ends_is_taken_or_left_but_not_both(ended):
    for number in range(10):
        run = engine.start(waiting, {}, id=f"race-{number}")
        run_until_idle()
        advance(timedelta(hours=1))
        [claimed] = runs.claim("one", limit=1)
        _, sent = at_once(
            lambda claimed=claimed: execute(claimed),
            lambda run=run: engine.send_event(run.pk, "approved", 1, missing_ok=True),
        )
        run_until_idle()
        output = ended(run)
        consumed = Event.objects.filter(run=run, consumed_at__isnull=False).exists()
        assert (output, consumed) in {(1, True), ("nobody came", False)}
        assert sent in (True, False)


def test_a_child_that_ends_while_its_parent_goes_to_wait_wakes_it(ended):
    @engine.workflow("racing_parent")
    def racing(step):
        return step.child("sub", pausing)

    run = engine.start(racing, {}, id="p")
    run_until_idle()
    engine.resume("p.0")
    [child] = runs.claim("two", limit=1)
    at_once(lambda: execute(child), lambda: engine.pause("p"))
    engine.resume("p")
    run_until_idle()
    assert ended(run) == "through"


def test_a_cancel_against_a_claim_leaves_one_of_the_two(ended):
    run = engine.start(sleeping, {})

    def work():
        for claimed in runs.claim("one", limit=1):
            execute(claimed)

    at_once(work, lambda: engine.cancel(run.pk))
    advance(timedelta(hours=2))
    run_until_idle()
    ended(run, "cancelled")
    assert calls["awake"] == 0


def test_the_fence_holds_until_the_commit(ended):
    """While a step's result is being committed, no other worker can claim the run; afterwards it goes on from there."""
    engine.start(three_steps, {"start": 1})
    [mine] = runs.claim("one", limit=1)
    advance(LEASE)

    def hold():
        runs.hold(mine)

    theirs = during(hold, lambda: runs.claim("two", limit=1))
    assert [run.fence for run in theirs] in ([mine.fence + 1], [])  # PostgreSQL skips the locked row, SQLite waits
    for run in theirs or runs.claim("two", limit=1):
        execute(run)
    ended(mine)


def test_the_step_of_a_cancelled_run_is_interrupted():
    """Otherwise a process would be busy with what nobody can record."""
    engine.start(three_steps, {"start": 1}, id="r")
    hands = Hands("one")
    taken = hands.each(runs.claim("one", limit=1))
    next(taken)
    engine.cancel("r")
    hands._extended_at -= 60

    def beat():
        time.sleep(0.1)
        hands.keep()
        connection.close()

    heart = threading.Thread(target=beat)
    heart.start()
    with pytest.raises(TimesUp), Deadline(timedelta(seconds=30)):
        time.sleep(10)
    heart.join()
