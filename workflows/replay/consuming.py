"""Working on a batch of messages."""

import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from workflows.core import codec, crash
from workflows.core.definitions import Consumer
from workflows.core.errors import NonRetryable
from workflows.models import Message
from workflows.replay.attempts import describe
from workflows.replay.deadline import Deadline, TimesUp
from workflows.transitions import messages
from workflows.transitions.guarding import POINTS

POINTS.append("consuming.handler.after")


class Delivery:
    """A message in a consumer's hands. The first of `ack` and `retry` counts, and counts at once."""

    def __init__(self, message: Message, consumer: Consumer, token: str) -> None:
        self.id: int = message.pk
        self.attempts = message.attempts
        self.body: Any = codec.decode(message.body)
        self.idempotency_key = message.idempotency_key
        self.settled = False
        self._message, self._consumer, self._token = message, consumer, token

    def ack(self) -> None:
        if not self.settled:
            messages.acknowledge([self.id], self._token, queue=self._consumer.queue)
            self.settled = True

    def retry(
        self, *, delay: timedelta | None = None, error: dict[str, Any] | None = None, for_good: bool = False
    ) -> None:
        """Have it delivered again, after the queue's delay unless one is given; in the end it is a dead letter."""
        if not self.settled:
            messages.repeat(
                self._message,
                self._consumer,
                self._token,
                delay=self._consumer.delay_after(self.attempts) if delay is None else delay,
                error=error or {"type": "Retry", "message": "the consumer asked for it"},
                for_good=for_good,
            )
            self.settled = True


class Batch:
    """What a consumer is called with: iterate it, or settle all that is left at once."""

    def __init__(self, deliveries: list[Delivery], token: str, *, queue: str) -> None:
        self._deliveries, self._token, self._queue = deliveries, token, queue

    def __iter__(self) -> Iterator[Delivery]:
        return iter(self._deliveries)

    def __len__(self) -> int:
        return len(self._deliveries)

    def ack(self) -> None:
        """Acknowledge all that are not settled, with one statement."""
        left = [delivery for delivery in self._deliveries if not delivery.settled]
        if left:
            messages.acknowledge([delivery.id for delivery in left], self._token, queue=self._queue)
        for delivery in left:
            delivery.settled = True

    def retry(
        self, *, delay: timedelta | None = None, error: dict[str, Any] | None = None, for_good: bool = False
    ) -> None:
        for delivery in self._deliveries:
            delivery.retry(delay=delay, error=error, for_good=for_good)


def new_token(worker: str) -> str:
    return f"{worker}/{uuid.uuid4().hex}"


def consume(consumer: Consumer, claimed: list[Message], token: str) -> None:
    """Call the consumer; what it neither acknowledged nor retried is acknowledged, or retried if it raised.

    What raised NonRetryable is a dead letter at once.
    """
    lost = {"type": "WorkerLost", "message": "its worker died or was killed while it worked on it"}
    alive = []
    for message in claimed:
        if message.attempts > consumer.max_retries + 1:
            messages.repeat(message, consumer, token, delay=timedelta(0), error=lost)
        else:
            alive.append(Delivery(message, consumer, token))
    if not alive:
        return
    batch = Batch(alive, token, queue=consumer.queue)
    deadline = Deadline(consumer.timeout)
    try:
        with deadline:
            consumer.function(batch)
        if deadline.expired or deadline.released:
            raise TimesUp
        crash.point("consuming.handler.after")
        batch.ack()
    except TimesUp:
        deadline.disarm()
        if deadline.released:
            messages.give_back(token)
        else:
            batch.retry(error={"type": "TimedOut", "message": f"the consumer took longer than {consumer.timeout}"})
    except Exception as error:  # noqa: BLE001 - whatever a consumer raises is the outcome
        batch.retry(error=describe(error), for_good=isinstance(error, NonRetryable))
