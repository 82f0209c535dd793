"""The doorbell: tells idle workers of all machines that something is due now.

A ring may be lost; then the work is found when the worker looks again by itself, within LOOK_EVERY.
"""

import logging
import time
from datetime import timedelta
from typing import Any, Protocol

import redis
from django.conf import settings
from django.db import connection, transaction

LOOK_EVERY = timedelta(seconds=1)
CHANNEL = "holdfast_doorbell"
_LOOK_AT_FILE_EVERY = 0.015  # seconds; 0.9 % of a core
_KEPT_RINGS = 8  # for as many idle clusters

log = logging.getLogger("holdfast.workflows")


class Bell(Protocol):
    def ring(self) -> None: ...

    def wait(self, timeout: timedelta) -> None:
        """Return when it rang, or after the timeout."""


def ring() -> None:
    """Ring once the caller's transaction has committed; once for many rings in a row."""
    bell = get_bell()
    pending = connection.run_on_commit
    if not (pending and pending[-1][1] == bell.ring):
        transaction.on_commit(bell.ring, robust=True)


class FileBell:
    """SQLite: any commit of another process changes `PRAGMA data_version`; no ring needed."""

    def __init__(self) -> None:
        self._seen: Any = None

    def ring(self) -> None:
        return None

    def wait(self, timeout: timedelta) -> None:
        connection.ensure_connection()
        look = connection.connection.execute  # a hundred times a second, so without Django's wrappers
        end = time.monotonic() + timeout.total_seconds()
        with connection.wrap_database_errors:
            while (seen := look("PRAGMA data_version").fetchone()) == self._seen:
                if (left := end - time.monotonic()) <= 0:
                    return
                time.sleep(min(_LOOK_AT_FILE_EVERY, left))
        self._seen = seen


class NotifyBell:
    """PostgreSQL: NOTIFY and LISTEN, on the connection that the caller uses anyway."""

    def __init__(self) -> None:
        self._listening: Any = None

    def ring(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"NOTIFY {CHANNEL}")

    def wait(self, timeout: timedelta) -> None:
        connection.ensure_connection()
        if self._listening is not connection.connection:
            with connection.cursor() as cursor:
                cursor.execute(f"LISTEN {CHANNEL}")
            self._listening = connection.connection
            return  # what was rung before is not heard: look at once
        with connection.wrap_database_errors:
            for _heard in self._listening.notifies(timeout=timeout.total_seconds(), stop_after=1):
                return


class ValkeyBell:
    """Valkey or Redis: a list that is popped; one ring wakes one cluster."""

    def __init__(self, url: str) -> None:
        self._client = redis.Redis.from_url(url, socket_connect_timeout=2, socket_timeout=2)

    def ring(self) -> None:
        try:
            self._client.lpush(CHANNEL, 1)
            self._client.ltrim(CHANNEL, 0, _KEPT_RINGS - 1)
        except redis.RedisError as error:
            log.warning("the doorbell cannot be rung: %s", error)

    def wait(self, timeout: timedelta) -> None:
        try:
            self._client.blpop([CHANNEL], timeout=max(timeout.total_seconds(), 0.01))
        except redis.RedisError as error:
            log.warning("the doorbell cannot be heard: %s", error)
            time.sleep(timeout.total_seconds())


_bell: Bell | None = None


def get_bell() -> Bell:
    global _bell  # noqa: PLW0603 - one connection for each process
    if _bell is None:
        if settings.DOORBELL_URL:
            _bell = ValkeyBell(settings.DOORBELL_URL)
        else:
            _bell = NotifyBell() if connection.vendor == "postgresql" else FileBell()
    return _bell
