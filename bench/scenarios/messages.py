"""Messages sent and consumed in batches of ten."""

import time

from bench import plain
from bench.crew import Crew, wait_for
from bench.place import Place
from bench.rows import Row, figure, times_at_least
from bench.timing import ROUNDS, amount, middle
from workflows import engine
from workflows.models import Message

MOST, TASKS, BATCH = 10_000, 800, 10


def measure(place: Place) -> list[Row]:
    with Crew(place):
        messages = amount(_passed(200), most=MOST) // BATCH * BATCH
        rate = middle(lambda: _passed(messages))
    with plain.cluster(place):
        plain.passed(50)
        tasks = sorted((plain.passed(TASKS) for _round in range(ROUNDS)), key=lambda one: one.value)[ROUNDS // 2]
    return [times_at_least(3, figure("sent and consumed in batches of 10", rate, "messages/s", baseline=tasks))]


def _passed(count: int) -> float:
    """Return the messages per second from the first one sent to the last one acknowledged."""
    began = time.perf_counter()
    for start in range(0, count, BATCH):
        engine.send_batch("bench", list(range(start, start + BATCH)))
    left = Message.objects.filter(acknowledged_at=None)
    wait_for(lambda: not left.exists(), seconds=300, what="all messages")
    return count / (time.perf_counter() - began)
