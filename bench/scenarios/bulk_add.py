"""A member adds 100,000 lines to a list; and again while the process that adds them is killed five times."""

import random
import time

from bench.bulk_add import start
from bench.crew import Crew, wait_for
from bench.place import Place
from bench.rows import Row, at_most, exactly, figure
from todos.models import BulkAdd
from workflows.models import Run

LINES = 100_000
EMPTY_EACH = 100
"""One line in so many is empty, and skipped."""
KILLS = 5


def measure(place: Place) -> list[Row]:
    with Crew(place) as crew:
        quiet, seconds = _added(crew, kills=0)
        killed, longer = _added(crew, kills=KILLS)
    return [
        at_most(60, figure("100,000 lines added", seconds, "s")),
        figure("rows per second", quiet / seconds, "rows/s"),
        figure(f"100,000 lines, worker killed {KILLS} times", longer, "s"),
        exactly(LINES - LINES // EMPTY_EACH, figure("rows added", quiet, "rows")),
        exactly(LINES - LINES // EMPTY_EACH, figure(f"rows added, worker killed {KILLS} times", killed, "rows")),
    ]


def _added(crew: Crew, *, kills: int) -> tuple[float, float]:
    """Return how many to-dos the list has in the end, and the seconds from the confirmation."""
    made = start(LINES, empty_each=EMPTY_EACH, wait=120)
    confirmed_at = time.monotonic()
    for _kill in range(kills):
        time.sleep(random.uniform(0.3, 1.5))
        _kill_holder(crew)
    over = BulkAdd.objects.filter(pk=made.pk, finished_at__isnull=False)
    wait_for(over.exists, seconds=300, what="the end of the bulk add")
    return float(made.list.todos.count()), time.monotonic() - confirmed_at


def _kill_holder(crew: Crew) -> None:
    holders = Run.objects.filter(status="running", workflow="bulk-add").values_list("worker", flat=True)
    pids = {int(worker.rpartition(":")[2]) for worker in holders}
    for process in crew.pool():
        if process.pid in pids:
            process.kill()
