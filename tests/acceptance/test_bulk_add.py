"""A hundred thousand lines, while the processes that add them are killed."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import psutil
import pytest

from tests import template
from tests.acceptance.conftest import ROOT, survivors, wait_for

pytestmark = [pytest.mark.acceptance, pytest.mark.slow]
LINES, GOOD, KILLS = 100_000, 99_000, 5


@pytest.fixture
def environment(tmp_path) -> dict[str, str]:
    keep = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    found = keep | {"DATA_DIR": str(tmp_path / "data"), "PYTHONWARNINGS": "ignore"}
    (tmp_path / "data").mkdir(mode=0o700)
    template.copy_file(tmp_path / "data" / "holdfast.sqlite3")
    return found


@pytest.fixture
def worker(environment, tmp_path) -> Iterator[Path]:
    """Run `manage.py worker`, and return its log."""
    path = tmp_path / "worker.log"
    with path.open("wb") as log:
        argv = [sys.executable, "manage.py", "worker"]
        process = subprocess.Popen(argv, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT)
        yield path
        people = psutil.Process(process.pid).children(recursive=True)
        process.terminate()
        process.wait(timeout=20)
        assert not survivors(people, seconds=5)


def manage(environment: dict[str, str], *argv: str) -> None:
    subprocess.run([sys.executable, "manage.py", *argv], cwd=ROOT, env=environment, check=True)


def test_killing_its_worker_five_times_loses_and_doubles_nothing(environment, worker, tmp_path):
    rng = random.Random()
    database = tmp_path / "data" / "holdfast.sqlite3"
    started = time.monotonic()
    subprocess.run([sys.executable, "-m", "bench.bulk_add", str(LINES)], cwd=ROOT, env=environment, check=True)
    for moment in sorted(rng.sample(range(1000, GOOD - 5000), KILLS)):
        wait_for(lambda: added(database) >= moment, seconds=120, what=f"line {moment}")  # noqa: B023 - used at once
        time.sleep(rng.random() / 10)
        kill_holder(database)
    wait_for(lambda: ask(database, "SELECT finished_at FROM todos_bulkadd"), seconds=180, what="the end")
    assert time.monotonic() - started < 300
    counts = "SELECT lines, added, skipped, failed, ending FROM todos_bulkadd"
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute(counts).fetchone() == (LINES, GOOD, LINES - GOOD, 0, "")
    assert ask(database, "SELECT count(*) FROM todos_todo") == GOOD
    assert ask(database, "SELECT count(DISTINCT text) FROM todos_todo") == GOOD
    assert ask(database, "SELECT count(*) FROM todos_activity WHERE verb = 'added'") == GOOD
    assert in_order(database)
    assert ask(database, "SELECT count(*) FROM workflows_attempt WHERE outcome = 'lost'") <= KILLS


def ask(database: Path, question: str):
    with closing(sqlite3.connect(database, timeout=20)) as connection:
        return connection.execute(question).fetchone()[0]


def added(database: Path) -> int:
    return ask(database, "SELECT added FROM todos_bulkadd")


def kill_holder(database: Path) -> None:
    """Kill the process of the pool that holds the run, or is about to."""
    holder = wait_for(lambda: ask(database, "SELECT worker FROM workflows_run"), seconds=30, what="a holder")
    with suppress(ProcessLookupError):  # killed already, and its lease is not over yet
        os.kill(int(holder.rpartition(":")[2]), signal.SIGKILL)


def in_order(database: Path) -> bool:
    with closing(sqlite3.connect(database)) as connection:
        rows = connection.execute("SELECT text FROM todos_todo ORDER BY position, id")
        numbers = [int(text.partition(":")[0]) for (text,) in rows]
    return numbers == sorted(numbers)
