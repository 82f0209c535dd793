import os
import shutil
import socket
import sqlite3

import pytest
from django.core.management.base import CommandError

from project.operations import prepare


@pytest.fixture
def data_dir(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    return tmp_path


@pytest.fixture
def static_root(settings, data_dir):
    """Return the folder that one style sheet is to be collected into."""
    (data_dir / "source/css").mkdir(parents=True)
    (data_dir / "source/css/app.css").write_text("a { color: teal }")
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    settings.STATICFILES_DIRS = [data_dir / "source"]
    settings.STORAGES = settings.STORAGES | {"staticfiles": {"BACKEND": "project.staticfiles.HashedStorage"}}
    settings.STATIC_ROOT = data_dir / "static"
    return settings.STATIC_ROOT


def test_a_second_owner_of_the_data_folder_is_refused(data_dir):
    with prepare.lock_data_dir(), pytest.raises(CommandError, match=f"process {os.getpid()}") as refused:
        prepare.lock_data_dir()
    assert refused.value.returncode == 2
    prepare.lock_data_dir().close()


def test_a_busy_port_is_refused(settings):
    with socket.create_server(("127.0.0.1", 0)) as other:
        settings.PORT = other.getsockname()[1]
        with pytest.raises(CommandError, match="PORT=") as refused:
            prepare.listen()
    assert refused.value.returncode == 2


@pytest.mark.parametrize("host", ["no.such.host.invalid", "192.0.2.1"])
def test_an_impossible_host_is_refused_with_what_helps(settings, host):
    settings.HOST = host
    with pytest.raises(CommandError, match=r"Cannot listen .* HOST must be an address of this machine") as refused:
        prepare.listen()
    assert "PORT=" not in str(refused.value)


@pytest.mark.parametrize(("obstacle", "step"), [("lock", prepare.lock_data_dir), ("static", prepare.collect_static)])
def test_something_in_the_way_is_refused(data_dir, static_root, obstacle, step):
    (data_dir / "lock").mkdir()
    static_root.touch()
    with pytest.raises(CommandError, match=f"DATA_DIR {data_dir} cannot be used: .*/{obstacle}") as refused:
        step()
    assert refused.value.returncode == 2


def test_a_full_disk_is_refused(data_dir, monkeypatch):
    def fail():
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(prepare, "_plan", fail)
    with pytest.raises(CommandError, match="cannot be used: database or disk is full"):
        prepare.migrate()


def test_the_last_three_copies_are_kept_whole(data_dir):
    database = data_dir / "holdfast.sqlite3"
    with sqlite3.connect(database) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE todo (text)")
        for number in range(5):
            connection.execute("INSERT INTO todo VALUES (?)", [f"to-do {number}"])
            connection.commit()  # lies in the write-ahead log, not yet in the file
            copy = prepare.keep_copy(database)
    copies = sorted((data_dir / "backups").iterdir())
    assert len(copies) == 3
    assert copies[-1] == copy
    with sqlite3.connect(copy) as kept:
        assert kept.execute("SELECT count(*) FROM todo").fetchone() == (5,)


def test_what_an_interrupted_copy_left_is_removed(data_dir):
    database = data_dir / "holdfast.sqlite3"
    sqlite3.connect(database).close()
    prepare.keep_copy(database)
    for name in ("before-migration-1.part", "before-migration-1.part-journal"):
        (data_dir / "backups" / name).touch()
    prepare.keep_copy(database)
    assert [file.suffix for file in (data_dir / "backups").iterdir()] == [".sqlite3", ".sqlite3"]


def delete_manifest(static):
    (static / "staticfiles.json").unlink()


def cut_manifest(static):
    (static / "staticfiles.json").write_text('{"paths"')


def delete_folder(static):
    shutil.rmtree(static / "css")


@pytest.mark.parametrize("damage", [delete_manifest, cut_manifest, delete_folder, shutil.rmtree])
def test_damaged_static_files_are_collected_again(static_root, damage):
    assert prepare.collect_static()
    before = sorted(static_root.rglob("*"))
    assert not prepare.collect_static()
    damage(static_root)
    assert prepare.collect_static()
    assert sorted(static_root.rglob("*")) == before


def test_an_open_host_needs_a_public_address(settings):
    settings.HOST = "0.0.0.0"
    (warning,) = prepare.warnings()
    assert "until you set PUBLIC_URL" in warning
    settings.PUBLIC_URL = "http://todo.example.com:8000"
    assert list(prepare.warnings()) == []


@pytest.mark.parametrize(
    ("backend", "location"),
    [
        ("django.core.cache.backends.redis.RedisCache", "redis://127.0.0.1:1/0"),
        ("project.lib.cache.SQLiteCache", "/proc/cache.sqlite3"),
    ],
)
def test_a_cache_out_of_reach_is_warned_of(settings, backend, location):
    settings.CACHES = {"default": {"BACKEND": backend, "LOCATION": location}}
    (warning,) = prepare.warnings()
    assert "The cache cannot be reached right now" in warning
