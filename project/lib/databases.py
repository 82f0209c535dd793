"""Where rows, cache and counters are kept, according to DATABASE_URL and REDIS_URL."""

from pathlib import Path
from typing import Any

from project.lib import env


def rows(folder: Path, *, web: bool) -> dict[str, Any]:
    """Return Django's DATABASES: PostgreSQL, or without DATABASE_URL a file of SQLite in the folder."""
    if database := env.postgresql():
        options: dict[str, Any] = {"connect_timeout": 5, **database.get("OPTIONS", {})}
        if web:
            # Threads share a few connections; a fork cannot inherit a pool, so workers have persistent connections.
            options["pool"] = {"min_size": 1, "max_size": 10, "timeout": 5, "reconnect_timeout": 5}
        database |= {"OPTIONS": options, "CONN_MAX_AGE": 0 if web else 600, "CONN_HEALTH_CHECKS": True}
        return {"default": database}
    return {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": folder / "holdfast.sqlite3",
            "CONN_MAX_AGE": 600,
            "TEST": {"NAME": folder / "test.sqlite3"},  # a file: threads and processes share it
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
            },
        }
    }


def caches(folder: Path, *, redis_url: str) -> dict[str, Any]:
    """Return Django's CACHES: Valkey or Redis, or without REDIS_URL another file of SQLite."""
    if redis_url:
        default: dict[str, Any] = {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": redis_url,
            "OPTIONS": {"socket_connect_timeout": 2, "socket_timeout": 2},
        }
    else:
        default = {"BACKEND": "project.lib.cache.SQLiteCache", "LOCATION": str(folder / "cache.sqlite3")}
    # django-q2 keeps statistics that nobody reads; without them the worker does not need the cache to be up.
    return {"default": default, "nowhere": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
