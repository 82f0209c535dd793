"""A storm: runs of known ends, workers killed under them, and the reckoning afterwards."""

import os
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import psutil
from django.db import DatabaseError, connection

from bench.app.models import Line
from bench.crew import Crew, wait_for
from bench.place import Place
from bench.rows import Row, exactly, figure
from workflows import engine
from workflows.models import Run
from workflows.models.runs import FINISHED

RUNS = int(os.environ.get("STORM_RUNS", "1000"))
SECONDS = float(os.environ.get("STORM_SECONDS", "30"))
KILL_EVERY = 0.2
CALM = 600
"""Seconds after which what has not ended counts as lost."""
DOOMS = ("", "", "", "step", "child")

type Trouble = Callable[[float], None]
"""What else happens: called with the share of the storm that is over, before each event."""


def ride(place: Place, trouble: Trouble = lambda _share: None) -> list[Row]:
    """Go through a storm with two clusters of two workers, and count what is wrong after it."""
    seed = int(os.environ.get("STORM_SEED") or random.SystemRandom().randrange(10**6))
    chance = random.Random(seed)
    print(f"    STORM_SEED={seed} STORM_RUNS={RUNS} STORM_SECONDS={SECONDS:g}", flush=True)
    with ExitStack() as stack:
        crews = [stack.enter_context(Crew(place)) for _cluster in range(2)]
        plan = _start(chance)
        kills, began = _blow(crews, plan, chance, trouble), time.monotonic()
        ended = _wait_for_calm(plan)
        calm = time.monotonic() - began
    return [
        figure("processes killed", kills, ""),
        figure("runs with their children", 2 * len(plan), ""),
        *_reckon(plan),
        figure("until all had ended" if ended else "GIVEN UP", calm, "s"),
    ]


def steadily[T](act: Callable[[], T]) -> T:
    """Do it again while the database is away."""
    while True:
        try:
            return act()
        except DatabaseError:
            connection.close()
            time.sleep(0.5)


def _start(chance: random.Random) -> dict[str, str]:
    """Start the runs and return the doom of each."""
    dooms = [chance.choice(DOOMS) for _run in range(RUNS)]
    inputs = [
        {"number": number, "nap": round(chance.uniform(0, 2), 3), "doom": doom} for number, doom in enumerate(dooms)
    ]
    return {run.pk: doom for run, doom in zip(engine.start_many("storm", inputs), dooms, strict=True)}


def _blow(crews: Sequence[Crew], plan: dict[str, str], chance: random.Random, trouble: Trouble) -> int:
    """Kill a process of the pools now and then; return the number of the killed."""
    order = list(plan)
    chance.shuffle(order)
    kills, began = 0, time.monotonic()
    with ThreadPoolExecutor(max_workers=1) as side:
        told = side.submit(_tell, order, began, trouble)
        while time.monotonic() - began < SECONDS:
            if victims := [one for crew in crews for one in crew.pool()]:
                _kill(chance.choice(victims))
                kills += 1
            time.sleep(max(0.0, KILL_EVERY - (time.monotonic() - began) % KILL_EVERY))
        told.result()
    return kills


def _tell(order: list[str], began: float, trouble: Trouble) -> None:
    """Send each run its event, spread over the storm, and cause the trouble meanwhile."""
    for number, run in enumerate(order):
        while (share := (time.monotonic() - began) / SECONDS) < number / len(order):
            time.sleep(0.01)
        trouble(share)
        _send(run)
    connection.close()


def _kill(process: psutil.Process) -> None:
    try:
        process.kill()
    except psutil.NoSuchProcess:
        return


def _send(run: str) -> None:
    # An outage may swallow the answer to a commit: then the run gets a second event, and leaves it.
    steadily(lambda: engine.send_event(run, "go", missing_ok=True))


def _wait_for_calm(plan: dict[str, str]) -> bool:
    unfinished = Run.objects.exclude(status__in=FINISHED)
    try:
        wait_for(lambda: steadily(lambda: not unfinished.exists()), seconds=CALM, what="the end of all runs", every=0.5)
    except TimeoutError:
        print(
            f"    left of {len(plan)}:", list(unfinished.values("pk", "status", "waiting_for", "lost", "worker")[:10])
        )
        return False
    return True


def _reckon(plan: dict[str, str]) -> list[Row]:
    """Compare runs and ledger with what the model says."""
    found = dict(Run.objects.filter(workflow="storm").values_list("pk", "status"))
    wrong = [pk for pk, doom in plan.items() if found.get(pk) != ("failed" if doom else "succeeded")]
    for run in Run.objects.filter(pk__in=wrong[:5]):
        print(f"    {run.pk} is {run.status}, its doom is {plan[run.pk]!r}, its error {run.error}")
    lines: Counter[tuple[str, str]] = Counter(Line.objects.values_list("run", "what"))
    wanted = Counter(
        {(pk, what): 1 for pk in plan for what in ("ledger", "map 0", "map 1", "map 2")}
        | {(pk, "child"): 1 for pk in Run.objects.filter(workflow="storm_child").values_list("pk", flat=True)}
    )
    return [
        exactly(0, figure("runs with another end than the model's", len(wrong), "runs")),
        exactly(0, figure("runs left running", Run.objects.filter(status="running").count(), "runs")),
        exactly(0, figure("runs left unfinished", Run.objects.exclude(status__in=FINISHED).count(), "runs")),
        exactly(len(plan), figure("children", Run.objects.filter(workflow="storm_child").count(), "runs")),
        exactly(len(plan) * 5, figure("ledger, rows", lines.total(), "rows")),
        exactly(0, figure("ledger, missing rows", (wanted - lines).total(), "rows")),
        exactly(0, figure("ledger, doubled rows", (lines - wanted).total(), "rows")),
    ]
