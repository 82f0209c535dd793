"""What an upgrade starts from: each kept version is restored, upgraded by the code that is here, and goes on."""

import os
import tomllib

import pytest

from tests.upgrades import keeping

VERSIONS = sorted(keeping.HERE.glob("v*"))
FIRST = (0, 2, 0)
"""From this version on each keeps what the next ones start from."""


OLDER = [pytest.mark.slow, pytest.mark.database]


@pytest.fixture(
    params=[pytest.param(folder, id=folder.name, marks=[] if folder == VERSIONS[-1] else OLDER) for folder in VERSIONS]
)
def kept(request):
    return request.param


def test_everything_goes_on_after_an_upgrade(kept, tmp_path):
    server = os.environ.get("DATABASE_URL", "")  # where this part of the tests runs on PostgreSQL
    database = "postgres" if server else "sqlite"
    promises = keeping.promises_of(kept, database)
    seen = keeping.upgrade(kept, database=database, data_dir=tmp_path / "data", server=server)
    assert different(seen["runs"], promises) == {}
    assert set(seen["sessions"].values()) == {200}, seen["sessions"]
    assert seen["uploads"] == {"sent": 200, "sent, completed": 202, "completed": 202}
    assert set(seen["upload states"].values()) == {"ready"}, seen["upload states"]
    assert seen["doors"] == {
        "code of an app": True,
        "recovery code": True,
        "reset link": True,
        "invitation": 1,
        "export": "PK",
        "purge approved": 302,
        "limited": dict.fromkeys(promises["limited"], 429),
        "limited now": True,
    }
    assert refused(seen["pages"]) == {}
    assert seen["messages"] == {
        kind: {queue: {"done": len(pks)} if pks else {} for queue, pks in promises[kind].items()}
        for kind in ("waiting", "dead")
    }
    assert seen["mails"] == {}
    assert seen["replayed"] == sum(map(len, promises["dead"].values())) > 0
    assert seen["switched off"]


def different(ends: dict, promises: dict) -> dict:
    """Return how the runs ended that should have ended otherwise, by what they were and where they had stopped."""
    return {
        f"{promises['runs'][pk]} ({pk})": f"{ends[pk]} instead of {promises['ends'][pk]}"
        for pk in promises["runs"]
        if ends[pk] != promises["ends"][pk]
    }


def refused(pages: dict[str, int]) -> dict[str, int]:
    return {path: status for path, status in pages.items() if status != 200}


def test_this_version_is_kept():
    version = tomllib.loads((keeping.ROOT / "pyproject.toml").read_text())["project"]["version"]
    missing = [
        database for database in keeping.DATABASES if not (keeping.folder_of(version) / f"{database}.tar.xz").exists()
    ]
    assert tuple(map(int, version.split("."))) < FIRST or not missing, (
        f"Version {version} has no state in tests/upgrades/v{version}/ that later versions can be tried on. "
        "Make it with `python -m tests.upgrades.make` and commit it with the release."
    )


def test_what_is_kept_is_small(kept):
    assert sum(path.stat().st_size for path in kept.iterdir()) <= 500_000
