"""The same figures before and after the tables hold a million finished runs with three steps each."""

import statistics
import time
from datetime import UTC, datetime

from django.db import connection, transaction

from bench.crew import Crew
from bench.place import Place
from bench.rows import Baseline, Row, at_most, figure, times_at_least, times_at_most
from bench.timing import amount, middle, runs_per_second, start_latencies

MILLION = 1_000_000
SLICE = 100_000
MOST = 3000


def measure(place: Place) -> list[Row]:
    rate, latency = _figures(place)
    began = time.monotonic()
    for first in range(0, MILLION, SLICE):
        _insert(first)
    _settle()
    inserted = time.monotonic() - began
    full_rate, full_latency = _figures(place)
    before = "before"
    return [
        figure("1,000,000 runs and 3,000,000 steps inserted", inserted, "s"),
        times_at_least(0.8, figure("runs of 3 steps", full_rate, "runs/s", baseline=Baseline(before, rate))),
        times_at_most(
            1.2, figure("creation to first step, median", full_latency, "ms", baseline=Baseline(before, latency))
        ),
        at_most(20, figure("creation to first step, median, alone", full_latency, "ms")),
    ]


def _figures(place: Place) -> tuple[float, float]:
    with Crew(place):
        runs = amount(runs_per_second(100), most=MOST)
        return middle(lambda: runs_per_second(runs)), statistics.median(start_latencies(20))


_NUMBERS = {
    "postgresql": "SELECT number FROM generate_series(%s, %s) AS number",
    "sqlite": """WITH RECURSIVE counter (number) AS (VALUES (%s) UNION ALL SELECT number + 1 FROM counter
        WHERE number < %s) SELECT number FROM counter""",
}
_RUNS = """
INSERT INTO workflows_run (id, workflow, version, status, input, output, sensitive, created_at, started_at, finished_at,
    waiting_for, worker, fence, lost, lost_position)
SELECT 'old-' || numbers.number, 'three', 1, 'succeeded', '{{}}', '3', {false}, {at}, {at}, {at}, '', '', 1, 0, 0
FROM ({numbers}) AS numbers"""
_STEPS = """
INSERT INTO workflows_step (run_id, position, key, kind, status, attempt, uncounted, config, result, sensitive,
    started_at, finished_at)
SELECT 'old-' || numbers.number, places.place, 'step', 'do', 'succeeded', 1, 0, '[5,30.0,"exponential",0.1,600.0]', '1',
    {false}, {at}, {at}
FROM ({numbers}) AS numbers, (SELECT 0 AS place UNION SELECT 1 UNION SELECT 2) AS places"""


def _insert(first: int) -> None:
    """Insert a slice of finished runs with their steps."""
    moment = datetime.fromtimestamp(time.time() - 86_400 * 20 + first, UTC)
    words = {
        "false": "FALSE",
        "at": "'" + str(connection.ops.adapt_datetimefield_value(moment)) + "'",
        "numbers": _NUMBERS[connection.vendor],
    }
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in (_RUNS, _STEPS):
            cursor.execute(statement.format(**words), [first, first + SLICE - 1])


def _settle() -> None:
    """Let the planner know, as autovacuum and `PRAGMA optimize` would in time."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
