"""What has to be true before Holdfast serves: one owner of DATA_DIR, a free port, a current database, static files."""

import fcntl
import hashlib
import os
import socket
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

KEPT_COPIES = 3


def refuse(message: str) -> CommandError:
    return CommandError(message, returncode=2)


def unusable(error: DatabaseError) -> CommandError:
    return refuse(f"The database cannot be used: {str(error).strip().splitlines()[0]}")


def lock_data_dir() -> IO[str]:
    """Take the folder's lock and return the open file that holds it; refuse where another process has it."""
    file = (settings.DATA_DIR / "lock").open("a+", encoding="ascii")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        with file:
            file.seek(0)
            holder = file.read().strip() or "unknown"
        raise refuse(
            f"Another Holdfast (process {holder}) uses {settings.DATA_DIR}. Stop it, or name another DATA_DIR."
        ) from None
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file


def listen() -> socket.socket:
    """Open the port here, so that it is known to be free and stays open while web processes come and go."""
    try:
        family, kind, proto, _, address = socket.getaddrinfo(
            settings.HOST, settings.PORT, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, proto)
    except OSError as error:
        raise _cannot_listen(error) from None
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(1024)
    except OSError as error:
        listener.close()
        raise _cannot_listen(error) from None
    return listener


def _cannot_listen(error: OSError) -> CommandError:
    where = f"{settings.HOST} port {settings.PORT}"
    return refuse(f"Cannot listen on {where} ({error.strerror or error}). Choose another with PORT=8001 make run.")


def migrate() -> list[str]:
    """Bring the database up to date, keeping a copy of an SQLite one first; return the migrations applied."""
    try:
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if plan and executor.loader.applied_migrations and connection.vendor == "sqlite":
            keep_copy(Path(connection.settings_dict["NAME"]))
        if plan:
            call_command("migrate", interactive=False, verbosity=0)
    except DatabaseError as error:
        raise unusable(error) from None
    return [f"{migration.app_label}.{migration.name}" for migration, _backwards in plan]


def keep_copy(database: Path) -> Path:
    """Copy the SQLite database with its write-ahead log into DATA_DIR/backups; keep the newest few."""
    folder = settings.DATA_DIR / "backups"
    folder.mkdir(mode=0o700, exist_ok=True)
    copy = folder / f"before-migration-{datetime.now(UTC):%Y%m%dT%H%M%S.%f}.sqlite3"
    draft = copy.with_suffix(".part")
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(draft)) as target:
        source.backup(target)
    draft.replace(copy)
    for old in sorted(folder.glob("before-migration-*.sqlite3"))[:-KEPT_COPIES]:
        old.unlink()
    return copy


def collect_static() -> bool:
    """Collect, hash and compress the static files, unless the same files were collected before."""
    print_ = hashlib.sha256()
    for finder in get_finders():
        for path, storage in finder.list(None):
            stat = Path(storage.path(path)).stat()
            print_.update(f"{path} {stat.st_size} {stat.st_mtime_ns}\n".encode())
    stamp = settings.DATA_DIR / "static.stamp"
    if stamp.is_file() and stamp.read_text() == print_.hexdigest() and settings.STATIC_ROOT.is_dir():
        return False
    call_command("collectstatic", interactive=False, clear=True, verbosity=0)
    stamp.write_text(print_.hexdigest())
    return True
