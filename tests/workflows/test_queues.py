from datetime import timedelta

import pytest
from django.db import transaction

from tests.workflows.definitions import calls, failing, received
from workflows import engine
from workflows.core import clock
from workflows.core.definitions import get_consumer
from workflows.models import AuditLine, Message
from workflows.testing import advance, run_until_idle
from workflows.transitions import messages
from workflows.transitions.guarding import LEASE

pytestmark = [pytest.mark.database, pytest.mark.django_db]


def counts() -> dict[str, int]:
    return {
        "pending": Message.objects.pending().count(),
        "done": Message.objects.filter(acknowledged_at__isnull=False).count(),
        "dead": Message.objects.dead().count(),
    }


def test_a_batch_is_consumed_in_order_and_acknowledged():
    engine.send_batch("letters", [f"n{number}" for number in range(25)])
    run_until_idle()
    assert [len(batch) for batch in received] == [10, 10, 5]
    assert [body for batch in received for body in batch] == [f"n{number}" for number in range(25)]
    assert counts() == {"pending": 0, "done": 25, "dead": 0}


@pytest.mark.django_db(transaction=True)
def test_a_message_exists_exactly_when_its_cause_does():
    with transaction.atomic():
        engine.send("letters", "never sent")
        transaction.set_rollback(True)
    run_until_idle()
    assert received == []


def test_a_consumer_that_raises_gets_again_what_it_did_not_settle():
    failing["letters"] = 1
    engine.send_batch("letters", ["ack", "other", "again"])
    run_until_idle()
    assert received == [["ack", "other", "again"]]
    assert counts() == {"pending": 2, "done": 1, "dead": 0}
    advance(timedelta(minutes=1))
    run_until_idle()
    assert received[1:] == [["other"]]
    advance(timedelta(minutes=4))
    run_until_idle()
    assert received[2:] == [["again"]]


def test_what_fails_to_the_end_is_a_dead_letter_and_can_be_replayed():
    failing["letters"] = 3
    message = engine.send("letters", "hello")
    for _ in range(4):
        run_until_idle()
        advance(timedelta(minutes=1))
    message.refresh_from_db()
    assert len(received) == message.attempts == 3
    assert counts() == {"pending": 0, "done": 0, "dead": 1}
    assert [error["message"] for error in message.errors] == ["letters are broken"] * 3
    assert messages.replay([message.pk]) == 1
    assert messages.replay([message.pk]) == 0
    run_until_idle()
    assert received[3] == ["hello"]
    assert counts() == {"pending": 0, "done": 1, "dead": 0}
    assert AuditLine.objects.get().verb == "replay"


def test_non_retryable_is_a_dead_letter_at_once():
    message = engine.send("letters", "never")
    run_until_idle()
    message.refresh_from_db()
    assert message.dead_at
    assert message.attempts == 1


def test_dead_letters_can_be_dropped_and_nothing_else():
    dead = engine.send("letters", "never")
    run_until_idle()
    alive = engine.send("letters", "fine")
    assert messages.drop([dead.pk, alive.pk]) == 1
    assert list(Message.objects.values_list("pk", flat=True)) == [alive.pk]


def test_a_queue_without_dead_letters_drops():
    failing["collected"] = 1
    engine.send("collected", "x")
    advance(timedelta(seconds=30))
    run_until_idle()
    assert counts() == {"pending": 0, "done": 1, "dead": 0}


def test_a_key_is_sent_once():
    first = engine.send("letters", "one", idempotency_key="order-7")
    assert engine.send("letters", "two", idempotency_key="order-7").pk == first.pk
    engine.send_batch("letters", ["three", "four"], idempotency_keys=["order-7", "order-8"])
    run_until_idle()
    assert received == [["one", "four"]]
    engine.send("letters", "five", idempotency_key="order-7")
    run_until_idle()
    assert received == [["one", "four"]]


def test_a_delayed_message_waits():
    engine.send("letters", "later", delay=timedelta(hours=1))
    engine.send("letters", "now")
    run_until_idle()
    assert received == [["now"]]
    advance(timedelta(hours=1))
    run_until_idle()
    assert received == [["now"], ["later"]]


def test_a_batch_waits_until_it_is_full_or_old_enough():
    engine.send_batch("collected", [1, 2])
    run_until_idle()
    assert received == []
    engine.send("collected", 3)
    run_until_idle()
    assert received == [[1, 2, 3]]
    engine.send("collected", 4)
    advance(timedelta(seconds=30))
    run_until_idle()
    assert received == [[1, 2, 3], [4]]


def test_no_more_batches_are_at_work_than_the_queue_allows():
    consumer = get_consumer("narrow")
    engine.send_batch("narrow", [1, 2])
    assert len(messages.claim(consumer, "one/1")) == 1
    assert messages.claim(consumer, "two/1") == []
    [held] = Message.objects.filter(claim="one/1")
    messages.acknowledge([held.pk], "one/1")
    assert len(messages.claim(consumer, "two/1")) == 1


def test_a_paused_queue_delivers_nothing(make_user):
    staff = make_user("Sten")
    assert messages.pause("letters", by=staff)
    assert not messages.pause("letters", by=staff)
    engine.send("letters", "kept")
    run_until_idle()
    assert received == []
    assert messages.resume("letters", by=staff)
    assert not messages.resume("letters", by=staff)
    run_until_idle()
    assert received == [["kept"]]


def test_what_a_lost_worker_held_is_delivered_again_and_ends_as_a_dead_letter():
    consumer = get_consumer("letters")
    message = engine.send("letters", "poison")
    for attempt in range(1, 4):
        assert [held.attempts for held in messages.claim(consumer, f"lost/{attempt}")] == [attempt]
        assert messages.claim(consumer, "other/1") == []
        advance(LEASE)
    run_until_idle()
    message.refresh_from_db()
    assert message.dead_at
    assert received == []
    assert message.errors[-1]["type"] == "WorkerLost"


def test_a_late_acknowledgement_changes_nothing():
    consumer = get_consumer("letters")
    message = engine.send("letters", "slow")
    messages.claim(consumer, "slow/1")
    advance(LEASE)
    messages.claim(consumer, "fast/1")
    assert messages.acknowledge([message.pk], "slow/1") == 0
    assert messages.acknowledge([message.pk], "fast/1") == 1


def test_an_extended_lease_is_kept():
    consumer = get_consumer("letters")
    engine.send("letters", "slow")
    messages.claim(consumer, "slow/1")
    advance(LEASE / 2)
    messages.extend("slow/1")
    advance(LEASE / 2)
    assert messages.claim(consumer, "fast/1") == []
    assert Message.objects.get().due_at > clock.now()


def test_the_consumer_is_called_once_for_each_message():
    engine.send("letters", "fine")
    for _ in range(3):
        run_until_idle()
        advance(timedelta(hours=1))
    assert received == [["fine"]]
    assert calls["letters"] == 0
