"""What has to be in place before Holdfast serves: a lock on DATA_DIR, a free port, a current database, static files."""

import errno
import fcntl
import hashlib
import json
import os
import shutil
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.cache import cache
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import Error, connection
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder
from redis.exceptions import RedisError

from project.checks import LOOPBACK

KEPT_COPIES = 3


def refuse(message: str) -> CommandError:
    return CommandError(message, returncode=2)


def unusable(error: Error) -> str:
    """Say in one line why the database cannot be used, and what to do if migrations are missing."""
    reason = (str(error).strip() or type(error).__name__).splitlines()[0]
    try:
        hint = " Migrations are missing: `make run` or `manage.py migrate` applies them." if _plan() else ""
    except Error:
        hint = ""
    return f"The database cannot be used: {reason}.{hint}"


@contextmanager
def using_data_dir() -> Iterator[None]:
    """Refuse a folder that cannot be written to, or a full disk, wherever that shows up."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        raise refuse(f"DATA_DIR {settings.DATA_DIR} cannot be used: {error}.") from None


@using_data_dir()
def lock_data_dir() -> IO[str]:
    """Lock the folder and return the open file that holds the lock; refuse if another process has it."""
    file = (settings.DATA_DIR / "lock").open("a+", encoding="ascii")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        with file:
            file.seek(0)
            holder = file.read().strip() or "unknown"
        raise refuse(
            f"Another Holdfast (process {holder}) is using {settings.DATA_DIR}. Stop it, or set another DATA_DIR."
        ) from None
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file


def listen() -> socket.socket:
    """Open the port here, so that it is sure to be free and stays open while web processes come and go."""
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
    advice = "Choose another port: PORT=8001 make run."
    if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
        advice = "HOST must be an address of this machine: 127.0.0.1 for this machine only, 0.0.0.0 for others too."
    return refuse(f"Cannot listen on {settings.HOST} port {settings.PORT} ({error.strerror or error}). {advice}")


@using_data_dir()
def migrate() -> list[str]:
    """Bring the database up to date, making a copy first if it is SQLite; return the migrations applied."""
    plan = _plan()
    if plan and MigrationRecorder(connection).applied_migrations() and connection.vendor == "sqlite":
        keep_copy(Path(connection.settings_dict["NAME"]))
    if plan:
        call_command("migrate", interactive=False, verbosity=0)
    return [f"{migration.app_label}.{migration.name}" for migration, _backwards in plan]


def _plan() -> list[tuple[Migration, bool]]:
    executor = MigrationExecutor(connection)
    return executor.migration_plan(executor.loader.graph.leaf_nodes())


def keep_copy(database: Path) -> Path:
    """Copy the SQLite database with its write-ahead log into DATA_DIR/backups; keep the newest few."""
    folder = settings.DATA_DIR / "backups"
    folder.mkdir(mode=0o700, exist_ok=True)
    copy = folder / f"before-migration-{datetime.now(UTC):%Y%m%dT%H%M%S.%f}.sqlite3"
    for part in folder.glob("*.part*"):  # left over from an interrupted start
        part.unlink()
    draft = copy.with_suffix(".part")
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(draft)) as target:
        source.backup(target)
    draft.replace(copy)
    for old in sorted(folder.glob("before-migration-*.sqlite3"))[:-KEPT_COPIES]:
        old.unlink()
    return copy


@using_data_dir()
def collect_static() -> bool:
    """Collect, hash and compress the static files, unless that was done for the same files and all are there."""
    print_ = hashlib.sha256()
    for finder in get_finders():
        for path, storage in finder.list(None):
            stat = Path(storage.path(path)).stat()
            print_.update(f"{path} {stat.st_size} {stat.st_mtime_ns}\n".encode())
    stamp = settings.DATA_DIR / "static.stamp"
    if stamp.is_file() and stamp.read_text() == print_.hexdigest() and _is_whole(settings.STATIC_ROOT):
        return False
    stamp.unlink(missing_ok=True)
    if settings.STATIC_ROOT.exists():
        shutil.rmtree(settings.STATIC_ROOT)  # not left to collectstatic, which fails on a broken manifest
    call_command("collectstatic", interactive=False, verbosity=0)
    stamp.write_text(print_.hexdigest())
    return True


def _is_whole(folder: Path) -> bool:
    """Is there a manifest, and every file that it names?"""
    try:
        names = json.loads((folder / "staticfiles.json").read_bytes())["paths"]
    except (OSError, ValueError, KeyError):
        return False
    return all((folder / name).is_file() for name in names.values())


def warnings() -> Iterator[str]:
    """Yield problems that don't stop Holdfast from starting, but will stop people from using it."""
    if settings.HOST not in LOOPBACK and urlsplit(settings.PUBLIC_URL).hostname in LOOPBACK:
        yield (
            f"HOST={settings.HOST} is open to other machines, but they will get error 400 until you set PUBLIC_URL to "
            f"the address people use, such as http://todo.example.com:{settings.PORT}."
        )
    try:
        cache.get("start")
    except (RedisError, sqlite3.Error) as error:
        yield f"The cache cannot be reached right now ({error}). Anything that needs it will fail until it is back."
