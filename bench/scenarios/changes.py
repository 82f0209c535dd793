"""What a tick costs while nobody, one and five listen to it: each is sent a message of its own, in the transaction."""

import statistics
import time
from collections.abc import Sequence

from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from bench.place import Place
from bench.rows import Baseline, Row, exactly, figure
from todos import changes
from todos.models import Todo, TodoList, Verb

LISTENING = (0, 1, 5)
TICKS, ROUNDS = 100, 9
OWN_QUERIES = 3  # of a tick: lock the to-do, change it, write what was done


def measure(_place: Place) -> list[Row]:
    owner = User.objects.create(email="ticks@example.com", name="Ticks")
    todo_list = TodoList.create("Ticks", by=owner)
    listeners = _subscribe(max(LISTENING))
    queries: dict[int, int] = {}
    milliseconds: dict[int, list[float]] = {count: [] for count in LISTENING}
    for _round in range(ROUNDS):
        for count in LISTENING:  # by turns, so that what else the machine does hits all of them
            changes.subscribers[Verb.COMPLETED] = listeners[:count]
            todos = [todo_list.add("Tick", by=owner) for _tick in range(TICKS)]
            queries[count] = _queries(todos.pop(), owner)
            milliseconds[count] += [_milliseconds(todo, owner) for todo in todos]
    unheard = Baseline("nobody listens", statistics.median(milliseconds[0]))
    rows = []
    for count in LISTENING:
        name = f"a tick with {count} subscriber{'' if count == 1 else 's'}"
        rows.append(exactly(OWN_QUERIES + count, figure(name, queries[count], "queries")))
        rows.append(figure(name, statistics.median(milliseconds[count]), "ms", baseline=unheard if count else None))
    return rows


def _subscribe(count: int) -> Sequence[changes.Subscriber]:
    """Return subscribers to ticks; those of the product no longer listen."""
    changes.subscribers.clear()
    for number in range(count):
        changes.subscriber(f"bench-{number}", verbs={Verb.COMPLETED})(len)
    return changes.subscribers[Verb.COMPLETED]


def _queries(todo: Todo, owner: User) -> int:
    with CaptureQueriesContext(connection) as captured:
        todo.complete(by=owner)
    return len([query for query in captured if query["sql"].startswith(("SELECT", "UPDATE", "INSERT", "DELETE"))])


def _milliseconds(todo: Todo, owner: User) -> float:
    began = time.perf_counter()
    todo.complete(by=owner)
    return 1000 * (time.perf_counter() - began)
