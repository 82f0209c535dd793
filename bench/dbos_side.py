"""What DBOS Transact does in the same measurements. A program of its own, run by .venv-bench's Python without Django.

It prints one JSON object. DBOS keeps its defaults; on SQLite it gets WAL and `synchronous=NORMAL`, as Holdfast has.
"""

# It is checked without DBOS, which is not in .venv.
# mypy: disable-error-code="import-not-found, untyped-decorator, no-any-return"

import argparse
import json
import sqlite3
import statistics
import sys
import time

if sqlite3.sqlite_version_info < (3, 42):  # DBOS needs `subsec`
    import pysqlite3

    sys.modules["sqlite3"] = pysqlite3
    sys.modules["sqlite3.dbapi2"] = pysqlite3.dbapi2

import sqlalchemy
from dbos import DBOS, DBOSClient, run_dbos_database_migrations

QUEUE = "bench"
ends: list[float] = []
starts: list[float] = []


@DBOS.step()
def trivial(number: int) -> int:
    return number + 1


@DBOS.step()
def moment() -> float:
    return time.time()


@DBOS.workflow()
def three() -> int:
    starts.append(time.perf_counter())
    result = trivial(trivial(trivial(0)))
    ends.append(time.perf_counter())
    return result


@DBOS.workflow()
def long(steps: int) -> float:
    began = time.perf_counter()
    for number in range(steps):
        trivial(number)
    return time.perf_counter() - began


@DBOS.workflow()
def stamp() -> float:
    return moment()


@DBOS.workflow()
def listen() -> float:
    DBOS.recv("go", timeout_seconds=60)
    return moment()


@DBOS.workflow()
def nap() -> float:
    due = time.time() + 2
    DBOS.sleep(2)
    return moment() - due


def runs(url: str, count: int) -> dict[str, float]:
    """Workflows per second, all of them queued before the first one starts."""
    client = DBOSClient(system_database_url=url)
    for _number in range(count):
        client.enqueue({"queue_name": QUEUE, "workflow_name": "three"})
    DBOS.launch()
    DBOS.register_queue(QUEUE)
    while len(ends) < count:
        time.sleep(0.02)
    return {"rate": count / (max(ends) - min(starts))}


def steps(_url: str, count: int) -> dict[str, float]:
    DBOS.launch()
    long(20)
    return {"rate": count / long(count)}


def latency(_url: str, count: int) -> dict[str, float]:
    """Milliseconds from creation to the first step and from event to resumption, and lateness of a sleep."""
    DBOS.launch()
    queue = DBOS.register_queue(QUEUE)
    queue.enqueue(stamp).get_result()
    created, heard = [], []
    for number in range(count):
        time.sleep(0.31 + 0.07 * (number % 10))
        began = time.time()
        created.append(queue.enqueue(stamp).get_result() - began)
    for _number in range(count):
        handle = DBOS.start_workflow(listen)
        time.sleep(0.5)
        began = time.time()
        DBOS.send(handle.workflow_id, "now", "go")
        heard.append(handle.get_result() - began)
    naps = []
    for _number in range(count):
        naps.append(DBOS.start_workflow(nap))
        time.sleep(0.05)
    late = sorted(handle.get_result() for handle in naps)
    return {
        "start": 1000 * statistics.median(created),
        "event": 1000 * statistics.median(heard),
        "late": 1000 * late[int(0.99 * (len(late) - 1))],
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["runs", "steps", "latency"])
    parser.add_argument("url")
    parser.add_argument("count", type=int)
    given = parser.parse_args()
    if given.url.startswith("sqlite"):
        sqlalchemy.event.listen(sqlalchemy.Engine, "connect", _like_holdfast)
    DBOS(config={"name": "bench", "system_database_url": given.url, "log_level": "ERROR"})
    run_dbos_database_migrations(given.url)
    found = {"runs": runs, "steps": steps, "latency": latency}[given.what](given.url, given.count)
    print(json.dumps(found))
    DBOS.destroy()


def _like_holdfast(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")


if __name__ == "__main__":
    main()
