"""The floor: what the same driver and database commit, row by row."""

import sqlite3
import time
from collections.abc import Callable

import psycopg
from django.db import transaction

from bench.app.models import Line
from bench.place import Place
from bench.rows import Row, figure
from bench.timing import middle

SECONDS = 1.0


def measure(place: Place) -> list[Row]:
    raw = _raw_postgres(place) if place.database == "postgres" else _raw_sqlite(place)
    return [
        figure("raw driver, one row a commit", middle(lambda: rate_of(raw)), "commits/s"),
        figure("Django, create and update in a transaction", middle(atomic_steps), "commits/s"),
    ]


def atomic_steps() -> float:
    """Return how many transactions a second Django commits that create a row and update it."""
    return rate_of(_create_and_update)


def rate_of(act: Callable[[], object]) -> float:
    """Return how often a second it can be done."""
    act()
    count, began = 0, time.perf_counter()
    while (spent := time.perf_counter() - began) < SECONDS:
        act()
        count += 1
    return count / spent


def _create_and_update() -> None:
    with transaction.atomic():
        line = Line.objects.create(run="floor", what="floor")
        Line.objects.filter(pk=line.pk).update(ended_at=1.0)


def _raw_sqlite(place: Place) -> Callable[[], object]:
    connection = sqlite3.connect(place.folder / "floor.sqlite3", isolation_level=None)
    connection.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; CREATE TABLE floor (text TEXT);")
    return lambda: connection.execute("INSERT INTO floor VALUES ('floor')")


def _raw_postgres(place: Place) -> Callable[[], object]:
    connection = psycopg.connect(place.postgres_url("floor"), autocommit=True)
    connection.execute("CREATE TABLE floor (text TEXT)")
    return lambda: connection.execute("INSERT INTO floor VALUES ('floor')")
