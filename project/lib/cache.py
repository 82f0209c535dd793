"""The shared cache and counter store of the embedded default: one SQLite file beside the database.

Its own file, so that a counter neither waits for the database's writer nor is rolled back with a request.
`add` and `incr` are single statements, hence exact over threads and processes; see django.core.cache.backends.base
for the contract of each method.
"""

import os
import pickle
import random
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache

_SCHEMA = "CREATE TABLE IF NOT EXISTS entry (key TEXT PRIMARY KEY, value, expires REAL NOT NULL) WITHOUT ROWID"
_INDEX = "CREATE INDEX IF NOT EXISTS entry_expires ON entry (expires)"
_NEVER = 9e12  # seconds since the epoch
_UPSERT = """INSERT INTO entry VALUES (:key, :value, :expires)
    ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires = excluded.expires"""


class SQLiteCache(BaseCache):
    """Integers are stored as such, which is what makes `incr` one statement; all else is pickled.

    LOCATION is the file's path. Expired entries are removed by about one write in a hundred, and beyond
    MAX_ENTRIES those that expire first.
    """

    def __init__(self, location: str, params: dict[str, Any]) -> None:
        super().__init__({"OPTIONS": {"MAX_ENTRIES": 100_000}} | params)
        self._path = Path(location)
        self._local = threading.local()

    def add(self, key: str, value: Any, timeout: float | None = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        with self._connection() as connection:
            self._cull_sometimes(connection)
            row = self._row(key, value, timeout, version)
            cursor = connection.execute(f"{_UPSERT} WHERE entry.expires <= :now", row)
            return cursor.rowcount == 1

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        with self._connection() as connection:
            found = connection.execute(
                "SELECT value FROM entry WHERE key = ? AND expires > ?", (self._key(key, version), time.time())
            ).fetchone()
        return default if found is None else _load(found[0])

    def set(self, key: str, value: Any, timeout: float | None = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        with self._connection() as connection:
            self._cull_sometimes(connection)
            connection.execute(_UPSERT, self._row(key, value, timeout, version))

    def touch(self, key: str, timeout: float | None = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        with self._connection() as connection:
            cursor = connection.execute(
                "UPDATE entry SET expires = ? WHERE key = ? AND expires > ?",
                (self._expires(timeout), self._key(key, version), time.time()),
            )
            return cursor.rowcount == 1

    def delete(self, key: str, version: int | None = None) -> bool:
        with self._connection() as connection:
            cursor = connection.execute(
                "DELETE FROM entry WHERE key = ? RETURNING expires > ?", (self._key(key, version), time.time())
            )
            return any(live for (live,) in cursor.fetchall())

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> int:
        """Add `delta` atomically and return the sum; the entry keeps its expiry. Raise ValueError without one."""
        with self._connection() as connection:
            found = connection.execute(
                "UPDATE entry SET value = value + ? WHERE key = ? AND expires > ? AND typeof(value) = 'integer' "
                "RETURNING value",
                (delta, self._key(key, version), time.time()),
            ).fetchone()
        if found is None:
            raise ValueError(f"There is no counter under the key {key!r}.")
        return int(found[0])

    def has_key(self, key: str, version: int | None = None) -> bool:
        missing = object()
        return self.get(key, missing, version=version) is not missing

    def clear(self) -> None:
        with self._connection() as connection:
            connection.execute("DELETE FROM entry")

    def close(self, **_kwargs: Any) -> None:
        """Keep the connection: opening one costs more than a request's use of it."""

    def _identity(self) -> tuple[int, int, int]:
        try:
            stat = self._path.stat()
        except FileNotFoundError:
            return os.getpid(), 0, 0
        return os.getpid(), stat.st_dev, stat.st_ino

    def _key(self, key: str, version: int | None) -> str:
        return str(self.make_and_validate_key(key, version=version))

    def _expires(self, timeout: float | None) -> float:
        expires = self.get_backend_timeout(timeout)
        return _NEVER if expires is None else float(expires)

    def _row(self, key: str, value: Any, timeout: float | None, version: int | None) -> dict[str, Any]:
        return {
            "key": self._key(key, version),
            "value": _dump(value),
            "expires": self._expires(timeout),
            "now": time.time(),
        }

    def _cull_sometimes(self, connection: sqlite3.Connection) -> None:
        if random.random() > 0.01:  # noqa: S311 - a dice, not a secret
            return
        connection.execute("DELETE FROM entry WHERE expires <= ?", (time.time(),))
        (count,) = connection.execute("SELECT count(*) FROM entry").fetchone()
        if count > self._max_entries:
            surplus = count - self._max_entries + self._max_entries // self._cull_frequency
            connection.execute(
                "DELETE FROM entry WHERE key IN (SELECT key FROM entry ORDER BY expires LIMIT ?)", (surplus,)
            )

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        """Lend this thread's connection; a forked process and a replaced file get a new one."""
        held = getattr(self._local, "held", None)
        if held is None or held[0] != self._identity():
            if held and held[0][0] == os.getpid():
                held[1].close()
            connection = sqlite3.connect(self._path, timeout=5, isolation_level=None)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = OFF")  # after a power cut counters may be lost, never wrong data
            connection.execute(_SCHEMA)
            connection.execute(_INDEX)
            self._local.held = held = (self._identity(), connection)
        try:
            yield held[1]
        except sqlite3.Error:
            self._local.held = None
            raise


def _dump(value: Any) -> int | bytes:
    if type(value) is int and -(2**63) <= value < 2**63:
        return value
    return pickle.dumps(value, pickle.HIGHEST_PROTOCOL)


def _load(stored: int | bytes) -> Any:
    return stored if isinstance(stored, int) else pickle.loads(stored)  # noqa: S301 - our own file, 0700
