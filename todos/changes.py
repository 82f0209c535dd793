"""The outlet: everything that writes Activity ends in `record`, and code that wants to react to it subscribes.

@changes.subscriber("added-to-list", verbs={Verb.MEMBER_ADDED}, when=lambda activity: …)
def tell_new_members(activities): ...

All activities of one transaction carry one `change` id. Within that transaction each subscriber is sent one message
with the id if any activity fits, however many do; each has a queue of its own, so that one that fails delays no other.
The message is as durable as the change: both are committed, or neither.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import connection, transaction
from django.db.transaction import TransactionManagementError

from project.lib.uuid7 import uuid7
from workflows import engine

if TYPE_CHECKING:
    from todos.models import Activity, Verb

type Handler = Callable[[Sequence[Activity]], object]
type Predicate = Callable[[Activity], bool]


@dataclass(frozen=True, eq=False)
class Subscriber:
    queue: str
    verbs: frozenset[str]
    when: Predicate


subscribers: dict[str, Sequence[Subscriber]] = {}
"""By verb: one that nobody listens to costs a lookup here."""


def _always(_activity: Activity) -> bool:
    return True


def subscriber(
    name: str, *, verbs: Collection[Verb], when: Predicate = _always, **options: Any
) -> Callable[[Handler], Handler]:
    """Register a function that a worker calls with the activities of one change that have one of the verbs.

    `when` is asked twice: in the transaction, where a no for all means no message, and by the worker for each row. In
    the transaction it must not query: an activity has there what the verb gave it (`actor`, `todo`, `changes`, ids).
    Rows that are written in bulk are asked about once, by an activity with their verb and actor and nothing else.

    The function may be called again for the same change, so it must be safe to repeat. Rows that have been purged in
    the meantime are left out. `options` are those of `engine.consumer`; messages come one by one unless given, because
    one that fails has the rest of its batch retried too. The name is stored: the queue is `changes.<name>`.
    """

    def register(function: Handler) -> Handler:
        added = Subscriber(f"changes.{name}", frozenset(verbs), when)

        def consume(batch: engine.Batch) -> None:
            for delivery in batch:
                if activities := _heard(added, delivery.body["change"]):
                    function(activities)
                delivery.ack()

        engine.consumer(added.queue, **{"max_batch_size": 1} | options)(consume)
        for verb in added.verbs:
            subscribers[verb] = (*subscribers.get(verb, ()), added)
        return function

    return register


def record(activities: Sequence[Activity], *, save: Callable[[], object] | None = None) -> None:
    """Write the activities with the change id of this transaction, and send a message to those who listen to them.

    With `save`, that function writes them: each activity then stands for all rows like it, made by the database.
    """
    if not activities:
        return
    noted = _noted_in_this_transaction()
    change = noted[0].change if noted else _begin()
    for activity in activities:
        activity.change = change
    if save:
        save()
    else:
        type(activities[0]).objects.bulk_create(activities)
    told = {note.told for note in noted}
    _tell([one for one in _listening(activities) if one not in told], change)


def _listening(activities: Iterable[Activity]) -> list[Subscriber]:
    found = {one: None for row in activities for one in subscribers.get(row.verb, ()) if one.when(row)}
    return list(found)


def _tell(listening: Iterable[Subscriber], change: UUID) -> None:
    for one in listening:
        transaction.on_commit(_Note(change, one))
    for one in listening:  # after the notes, so that the doorbell, which looks at the last thing noted, rings once
        engine.send(one.queue, {"change": change})


def _heard(one: Subscriber, change: UUID) -> list[Activity]:
    from todos.models import Activity  # they import this module

    return [row for row in Activity.objects.of_change(change).filter(verb__in=one.verbs) if one.when(row)]


# --- What this transaction has done already ----------------------------------------------------------------------


@dataclass(frozen=True)
class _Note:
    """Remembers the change of a transaction, or a subscriber told of it, for as long as the transaction lasts.

    It is kept among Django's on-commit callbacks, and does nothing when called. Django clears that list at commit, at
    rollback and when it connects, and removes what was added inside a savepoint that rolls back: exactly the notes
    about rows and messages that are gone.
    """

    change: UUID
    told: Subscriber | None = None

    def __call__(self) -> None:
        return None


def _begin() -> UUID:
    note = _Note(uuid7())
    transaction.on_commit(note)
    return note.change


def _noted_in_this_transaction() -> list[_Note]:
    blocks: list[Any] = connection.atomic_blocks
    # Test cases wrap tests in transactions. They do not count here, as they do not for Django's durable blocks.
    around = sum(block._from_testcase for block in blocks)  # noqa: SLF001
    if around == len(blocks):
        raise TransactionManagementError("Activity must be written in the transaction of the change itself.")
    outermost = set(connection.savepoint_ids[around - 1 : around] if around else ())
    pending: list[Any] = connection.run_on_commit  # (the savepoints open when it was added, the callback, …)
    return [act for savepoints, act, *_ in pending if isinstance(act, _Note) and outermost <= savepoints]
