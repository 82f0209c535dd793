"""What the console and /metrics read from the tables, at a bounded cost however many runs have finished."""

from collections import Counter as Tally
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Min, Sum

from workflows.core import clock
from workflows.core.definitions import Consumer, consumers
from workflows.models import EVER, Counter, Message, QueueState, Run, RunStatus

MOST = 100_000
"""Runs of one status that are counted; more are as many."""


@dataclass(frozen=True)
class QueueReading:
    """One queue now; without a consumer its code is not here."""

    name: str
    consumer: Consumer | None
    depth: int
    in_flight: int
    dead: int
    oldest: timedelta
    acknowledged_last_hour: int
    state: QueueState | None

    @property
    def is_paused(self) -> bool:
        return bool(self.state and self.state.paused_at)


def queues() -> list[QueueReading]:
    """Return all queues that are declared, paused, or have messages; five queries."""
    now = clock.now()
    declared = {consumer.queue: consumer for consumer in consumers()}
    states = {state.pk: state for state in QueueState.objects.select_related("paused_by")}
    # Both from the index of pending messages alone.
    pending = {
        row["queue"]: row
        for row in Message.objects.pending().order_by().values("queue").annotate(n=Count("due_at"), due=Min("due_at"))
    }
    dead = _by_queue(Message.objects.dead())
    names = sorted({*declared, *pending, *dead, *(name for name, state in states.items() if state.paused_at)})
    in_flight = _by_queue(Message.objects.in_flight(names, now))
    rates = counted("message.acknowledged", after=now - timedelta(hours=1))
    return [
        QueueReading(
            name=name,
            consumer=declared.get(name),
            depth=max(pending[name]["n"] - in_flight[name], 0) if name in pending else 0,
            in_flight=in_flight[name],
            dead=dead[name],
            oldest=max(now - pending[name]["due"], timedelta(0)) if name in pending else timedelta(0),
            acknowledged_last_hour=rates.get(name, 0),
            state=states.get(name),
        )
        for name in names
    ]


def runs_by_status() -> Iterator[tuple[str, str, int]]:
    """Yield (workflow, status, how many) of all that did not succeed, at most MOST of each status."""
    for status in RunStatus.values:
        if status != RunStatus.SUCCEEDED:
            found = Run.objects.in_status(status).order_by().values_list("workflow", flat=True)[:MOST]
            for workflow, count in sorted(Tally(found.iterator(chunk_size=2000)).items()):
                yield workflow, status, count


def lateness() -> timedelta:
    """Return for how long the run that is due longest has been waiting for a worker."""
    now = clock.now()
    due = Run.objects.due_before(now).aggregate(first=Min("wake_at"))["first"]
    return now - due if due else timedelta(0)


def counted(name: str, *, after: datetime) -> dict[str, int]:
    """Return how often it happened since then, by workflow or queue."""
    found = Counter.objects.filter(name=name, minute_at__gt=after)
    return dict(found.values_list("label").annotate(total=Sum("value")))


def ever() -> dict[str, dict[str, int]]:
    """Return all counters since ever, by name and by workflow or queue."""
    found: dict[str, dict[str, int]] = {}
    for name, label, value in Counter.objects.filter(minute_at=EVER).values_list("name", "label", "value"):
        found.setdefault(name, {})[label] = value
    return found


def by_minute(names: list[str], *, after: datetime) -> Iterator[tuple[str, datetime, int]]:
    """Yield (name, minute, how often) of the last day at most."""
    found = Counter.objects.filter(name__in=names, minute_at__gt=after)
    yield from found.values_list("name", "minute_at").annotate(total=Sum("value"))


def _by_queue(found: Any) -> Tally[str]:
    return Tally(dict(found.order_by().values_list("queue").annotate(n=Count("pk"))))
