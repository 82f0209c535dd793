"""A migrated database, made once for all processes of a test session: each begins with a copy of its own."""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

ROOT = Path(__file__).resolve().parents[1]
_TEMPLATE = "migrated"


def copy_file(target: Path) -> None:
    """Put a migrated database of SQLite there."""
    with _alone() as folder:
        template = folder / f"{_TEMPLATE}.sqlite3"
        if not template.exists():
            _migrate(DATA_DIR=str(folder))
            (folder / "holdfast.sqlite3").rename(template)
    shutil.copy(template, target)


def copy_database(name: str, *, server: str) -> None:
    """Create a migrated database of this name on a server of PostgreSQL, given by its URL."""
    with _alone() as folder, psycopg.connect(server, autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [_TEMPLATE]).fetchone():
            connection.execute("CREATE DATABASE half_migrated")
            _migrate(DATA_DIR=str(folder), DATABASE_URL=urlsplit(server)._replace(path="/half_migrated").geturl())
            connection.execute(sql.SQL("ALTER DATABASE half_migrated RENAME TO {}").format(sql.Identifier(_TEMPLATE)))
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(_TEMPLATE))
        )


@contextmanager
def _alone() -> Iterator[Path]:
    """Keep the other processes of the session out, and yield the folder that they share."""
    folder = Path(os.environ["TEMPLATE_DIR"])
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder


def _migrate(**environment: str) -> None:
    passed_on = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    command = [sys.executable, "manage.py", "migrate", "--verbosity=0"]
    subprocess.run(command, cwd=ROOT, env=passed_on | environment, check=True)
