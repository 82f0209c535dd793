"""Measures that several scenarios take."""

import statistics
import time
from collections.abc import Callable, Sequence

from django.db.models import Max, Min

from bench.crew import wait_for
from bench.rows import Baseline
from workflows import engine
from workflows.models import Run

ROUNDS = 3
SECONDS = 3
"""How long a round of a rate takes, about: its amount is chosen by the rate of a warm-up."""


def amount(warm_up: float, *, most: int) -> int:
    return min(most, max(50, int(warm_up * SECONDS)))


def runs_per_second(count: int) -> float:
    """Execute that many runs of three steps, created at once, under the workers that are up."""
    made = [run.pk for run in engine.start_many("three", [{}] * count)]
    mine = Run.objects.filter(pk__gte=min(made), pk__lte=max(made), workflow="three")
    left = mine.exclude(status="succeeded")
    wait_for(lambda: not left.exists(), seconds=300, what=f"{count} runs", every=0.1)
    span = mine.aggregate(first=Min("started_at"), last=Max("finished_at"))
    return count / float((span["last"] - span["first"]).total_seconds())


def start_latencies(count: int) -> list[float]:
    """Return the milliseconds from the creation of a run to its first step, on an idle worker."""
    found = []
    for number in range(count):
        time.sleep(0.31 + 0.07 * (number % 10))
        began = time.time()
        run = engine.start("stamp", {})
        found.append(1000 * (output_of(run) - began))
    return found


def output_of(run: Run) -> float:
    """Return the number that a run ends with."""
    done = Run.objects.filter(pk=run.pk, status="succeeded").values_list("output", flat=True)
    return float(wait_for(lambda: list(done.all()), seconds=60, what=f"run {run.pk}", every=0.005)[0] or 0)


def middle(measure: Callable[[], float], rounds: int = ROUNDS) -> float:
    """Return the median of a few rounds."""
    return statistics.median(measure() for _round in range(rounds))


def versus(
    ours: Callable[[], float], theirs: Callable[[], Baseline | None], rounds: int = ROUNDS
) -> tuple[float, Baseline | None]:
    """Measure both by turns, so that what else the machine does hits both; return the medians."""
    own: list[float] = []
    other: list[Baseline] = []
    for _round in range(rounds):
        own.append(ours())
        if found := theirs():
            other.append(found)
    baseline = Baseline(other[0].name, statistics.median(one.value for one in other)) if other else None
    return statistics.median(own), baseline


def percentile(values: Sequence[float], share: float) -> float:
    return sorted(values)[int(share * (len(values) - 1))]
