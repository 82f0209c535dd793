"""Messages of queues: sent, claimed in batches, acknowledged, repeated, dead, replayed, dropped."""

import logging
from collections.abc import Collection, Iterable, Sequence
from contextlib import nullcontext
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import F, Min

from workflows.core import clock, codec, doorbell
from workflows.core.definitions import Consumer, consumers, get_consumer
from workflows.core.emit import emit
from workflows.core.errors import InvalidId, InvalidValue
from workflows.core.policy import check_duration
from workflows.models import Message, QueueState
from workflows.transitions.guarding import LEASE, inside, instant, spell, verb
from workflows.transitions.steering import audit

KEY_LIMIT = 200

log = logging.getLogger("holdfast.workflows")

_CLAIM = """
WITH due AS (
    SELECT id FROM workflows_message
    WHERE queue = %s AND due_at IS NOT NULL AND due_at <= %s AND available_at <= %s
    ORDER BY due_at LIMIT %s {SKIP})
UPDATE workflows_message SET claim = %s, attempts = attempts + 1, available_at = %s, due_at = %s
WHERE id IN (SELECT id FROM due) RETURNING *"""


@verb
def send(queue: str, body: Any, *, delay: timedelta = timedelta(0), idempotency_key: str | None = None) -> Message:
    """Put a message into the queue, in the caller's transaction; a key that was sent before returns that message."""
    message = _new(get_consumer(queue), body, delay=delay, key=idempotency_key)
    if idempotency_key is None:
        message.save(force_insert=True)
    else:
        message, _created = Message.objects.get_or_create(
            queue=queue,
            idempotency_key=idempotency_key,
            defaults={name: getattr(message, name) for name in ("body", "sent_at", "available_at", "due_at")},
        )
    emit("message.sent", workflow=queue)
    doorbell.ring()
    return message


@verb
def send_batch(
    queue: str,
    bodies: Sequence[Any],
    *,
    delay: timedelta = timedelta(0),
    idempotency_keys: Sequence[str] | None = None,
) -> None:
    """Put many messages into the queue at once; those whose keys were sent before are left out."""
    if idempotency_keys is not None and len(idempotency_keys) != len(bodies):
        raise InvalidValue(what="The number of keys", value=len(idempotency_keys), why="give one key for each body")
    keys: Sequence[str | None] = idempotency_keys or [None] * len(bodies)
    consumer = get_consumer(queue)
    made = [_new(consumer, body, delay=delay, key=key) for body, key in zip(bodies, keys, strict=True)]
    Message.objects.bulk_create(made, batch_size=500, ignore_conflicts=idempotency_keys is not None)
    emit("message.sent", workflow=queue, count=len(made))
    doorbell.ring()


@verb
def claim(consumer: Consumer, token: str) -> list[Message]:
    """Hold a batch that is due under the token, which nobody else uses; nothing if the queue has none."""
    now = clock.now()
    wait = consumer.max_batch_wait
    if wait and not _is_due(consumer, now):
        return []
    lease = instant(now + LEASE)
    params = (consumer.queue, instant(now + wait), instant(now), consumer.max_batch_size, token, lease, lease)
    with transaction.atomic() if consumer.concurrency else nullcontext():
        if consumer.concurrency and not _has_room(consumer, now):
            return []
        return sorted(Message.objects.raw(spell(_CLAIM, connection.vendor), params), key=lambda message: message.pk)


def extend(token: str) -> None:
    """Move the end of a batch's lease."""
    lease = clock.now() + LEASE
    Message.objects.filter(claim=token, due_at__isnull=False).update(available_at=lease, due_at=lease)


def expire(worker_prefix: str) -> None:
    """End the leases of processes that are known to be dead."""
    now = clock.now()
    held = Message.objects.pending().filter(claim__startswith=worker_prefix, due_at__gt=now)
    if held.update(available_at=now, due_at=now):
        doorbell.ring()


@verb
def acknowledge(ids: Collection[int], token: str, *, queue: str = "") -> int:
    """Note that the messages are done and forget their bodies; return how many of them were still held."""
    done = Message.objects.filter(pk__in=ids, claim=token).update(
        acknowledged_at=clock.now(), available_at=None, due_at=None, claim="", body="null"
    )
    emit("message.acknowledged", workflow=queue, count=done)
    return done


@verb
def repeat(
    message: Message,
    consumer: Consumer,
    token: str,
    *,
    delay: timedelta,
    error: dict[str, Any],
    for_good: bool = False,
) -> None:
    """Deliver a message again after the delay; after the last attempt it is a dead letter, or dropped."""
    check_duration("delay", delay)
    now = clock.now()
    errors = [*message.errors, {"at": now.isoformat(), "attempt": message.attempts, **error}]
    held = Message.objects.filter(pk=message.pk, claim=token)
    text = f"{error['type']}: {error['message']}"
    if message.attempts <= consumer.max_retries and not for_good:
        log.warning("message %d of %s failed, trying again in %s: %s", message.pk, consumer.queue, delay, text)
        held.update(available_at=now + delay, due_at=now + delay, claim="", errors=errors)
        emit("message.retried", workflow=consumer.queue, message=message.pk)
    elif consumer.dead_letter:
        held.update(available_at=None, due_at=None, claim="", errors=errors, dead_at=now)
        log.error("message %d of %s is a dead letter: %s", message.pk, consumer.queue, text)
        emit("message.dead", workflow=consumer.queue, message=message.pk)
    else:
        held.update(available_at=None, due_at=None, claim="", errors=errors, acknowledged_at=now, body="null")
        emit("message.dropped", workflow=consumer.queue, message=message.pk)


@verb
def give_back(token: str) -> None:
    """Release what is left of a batch whose worker must stop; the attempt does not count."""
    now = clock.now()
    held = Message.objects.pending().filter(claim=token)
    if held.update(available_at=now, due_at=now, claim="", attempts=F("attempts") - 1):
        doorbell.ring()


@verb
def replay(ids: Iterable[int], *, by: Any = None) -> int:
    """Deliver dead letters again, with all their attempts; return how many were dead."""
    now = clock.now()
    with transaction.atomic():
        dead = list(Message.objects.dead().select_for_update().filter(pk__in=list(ids)))
        Message.objects.filter(pk__in=[message.pk for message in dead]).update(
            dead_at=None, available_at=now, due_at=now, attempts=0
        )
        inside_replay()
        for message in dead:
            audit("replay", "message", str(message.pk), by=by, detail=message.queue)
        doorbell.ring()
    return len(dead)


inside_replay = inside("messages.replay")


@verb
def drop(ids: Iterable[int], *, by: Any = None) -> int:
    """Delete dead letters; return how many were dead."""
    with transaction.atomic():
        dead = list(Message.objects.dead().select_for_update().filter(pk__in=list(ids)))
        for message in dead:
            audit("drop", "message", str(message.pk), by=by, detail=message.queue)
        Message.objects.filter(pk__in=[message.pk for message in dead]).delete()
    return len(dead)


@verb
def pause(queue: str, *, by: Any = None) -> bool:
    """Deliver nothing more from the queue; messages in flight are finished. False if it is paused already."""
    with transaction.atomic():
        state = _state(get_consumer(queue).queue)
        if state.paused_at:
            return False
        state.paused_at, state.paused_by = clock.now(), by
        state.save(update_fields=["paused_at", "paused_by"])
        audit("pause", "queue", queue, by=by)
    return True


@verb
def resume(queue: str, *, by: Any = None) -> bool:
    """Deliver from the queue again; False if it is not paused."""
    with transaction.atomic():
        state = _state(get_consumer(queue).queue)
        if not state.paused_at:
            return False
        state.paused_at = state.paused_by = None
        state.save(update_fields=["paused_at", "paused_by"])
        audit("resume", "queue", queue, by=by)
        doorbell.ring()
    return True


def open_consumers() -> list[Consumer]:
    """Return the consumers of queues that are not paused."""
    paused = set(QueueState.objects.filter(paused_at__isnull=False).values_list("pk", flat=True))
    return [consumer for consumer in consumers() if consumer.queue not in paused]


def next_due() -> datetime | None:
    """Return when a message is due next, which may be past."""
    queues = open_consumers()
    pending = Message.objects.pending().filter(queue__in=[consumer.queue for consumer in queues])
    due: datetime | None = pending.aggregate(next=Min("due_at"))["next"]
    now = clock.now()
    if (due is None or due > now) and any(q.max_batch_wait and _is_due(q, now) for q in queues):
        return now
    return due


def _new(consumer: Consumer, body: Any, *, delay: timedelta, key: str | None) -> Message:
    check_duration("delay", delay)
    if key is not None and not (0 < len(key) <= KEY_LIMIT and key.isprintable()):
        raise InvalidId(value=key, limit=KEY_LIMIT)
    now = clock.now()
    return Message(
        queue=consumer.queue,
        body=codec.encode(body, what="The body"),
        idempotency_key=key,
        sent_at=now,
        available_at=now + delay,
        due_at=now + delay + consumer.max_batch_wait,
    )


def _is_due(consumer: Consumer, now: datetime) -> bool:
    """Is a batch full, or has its oldest message waited long enough?"""
    pending = Message.objects.filter(queue=consumer.queue, due_at__lte=now + consumer.max_batch_wait)
    ready = list(pending.filter(available_at__lte=now).order_by("due_at")[: consumer.max_batch_size])
    return bool(ready) and (len(ready) == consumer.max_batch_size or bool(ready[0].due_at and ready[0].due_at <= now))


def _has_room(consumer: Consumer, now: datetime) -> bool:
    """Lock the queue, and tell whether one more batch may be at work."""
    _state(consumer.queue)
    at_work = Message.objects.filter(queue=consumer.queue, due_at__gt=now).exclude(claim="")
    return at_work.values("claim").distinct().count() < (consumer.concurrency or 0)


def _state(queue: str) -> QueueState:
    state, _created = QueueState.objects.select_for_update().get_or_create(pk=queue)
    return state
