"""Files on the local disk."""

import io
import os
import stat
from pathlib import Path

import pytest

from tests.uploads.conftest import PNG, keys
from uploads.stores.base import Changed, Missing, StoreError
from uploads.stores.local import LocalStore, Taken

store = LocalStore()


def test_what_is_written_is_read(folder):
    store.write("uploads/1/file", io.BytesIO(PNG), type="image/png")
    with store.open("uploads/1/file") as file:
        assert file.read() == PNG
    assert keys() == ["uploads/1/file"]
    assert stat.S_IMODE((folder / "uploads/1/file").stat().st_mode) == 0o600
    assert stat.S_IMODE((folder / "uploads/1").stat().st_mode) == 0o700


def test_writing_again_changes_the_etag():
    store.write("a", io.BytesIO(b"one"), type="")
    before = store.head("a").etag
    store.write("a", io.BytesIO(b"two"), type="")
    assert store.head("a").etag != before
    with pytest.raises(Changed):
        store.open("a", etag=before)


def test_what_comes_in_overwrites_nothing():
    store.receive("incoming/1", iter([b"ab", b"c"]), size=3)
    with pytest.raises(Taken):
        store.receive("incoming/1", iter([b"xyz"]), size=3)
    with store.open("incoming/1") as file:
        assert file.read() == b"abc"
    assert keys() == ["incoming/1"]


def test_what_comes_in_is_as_long_as_promised():
    with pytest.raises(StoreError):
        store.receive("incoming/1", iter([b"ab"]), size=3)
    assert keys() == []


def test_promoting_needs_the_same_bytes_and_may_be_repeated():
    found = store.receive("incoming/1", iter([b"abc"]), size=3)
    for _ in range(2):
        store.promote("incoming/1", "uploads/1/file", etag=found.etag, type="")
    store.delete("incoming/1")
    store.promote("incoming/1", "uploads/1/file", etag=found.etag, type="")
    assert store.head("uploads/1/file").etag == found.etag
    with pytest.raises(Changed):
        store.promote("uploads/1/file", "uploads/2/file", etag="other", type="")
    with pytest.raises(Missing):
        store.promote("incoming/1", "uploads/2/file", etag="other", type="")
    assert keys() == ["uploads/1/file"]


def test_what_is_not_there():
    assert store.head("incoming/1") is None
    assert list(store.walk()) == []
    with pytest.raises(Missing):
        store.open("incoming/1")
    store.delete("incoming/1")


def test_deleting_the_last_file_of_a_folder_deletes_the_folder(folder):
    for name in ("file", "small.webp"):
        store.write(f"uploads/1/{name}", io.BytesIO(PNG), type="")
    store.delete("uploads/1/file")
    assert (folder / "uploads/1").is_dir()
    store.delete("uploads/1/small.webp")
    assert not (folder / "uploads/1").exists()
    assert (folder / "uploads").is_dir()


def test_walking_below_a_beginning():
    for key in ("incoming/1", "uploads/1/file", "uploads/2/file"):
        store.write(key, io.BytesIO(PNG), type="")
    assert sorted(key for key, _found in store.walk("uploads/")) == ["uploads/1/file", "uploads/2/file"]
    [(_key, found)] = store.walk("incoming/")
    assert found == store.head("incoming/1")


@pytest.mark.parametrize("key", ["../x", "/etc/passwd", "a//b", "a/./b", "", "a\0b", "a/.."])
def test_keys_stay_in_the_folder(key):
    for act in (store.head, store.open, store.delete):
        with pytest.raises(StoreError):
            act(key)


def test_a_disk_that_refuses_is_a_store_that_fails(folder):
    folder.parent.mkdir(exist_ok=True)
    folder.write_text("a file where the folder should be")
    with pytest.raises(StoreError):
        store.write("uploads/1/file", io.BytesIO(PNG), type="")
    with pytest.raises(StoreError):
        store.receive("incoming/1", iter([PNG]), size=len(PNG))


@pytest.mark.parametrize(
    ("prefix", "found", "looked_at"),
    [
        ("uploads/1", ["uploads/12/file", "uploads/13/file"], ["uploads", "uploads/12", "uploads/13"]),
        ("uploads/12/", ["uploads/12/file"], ["uploads/12"]),
        ("uploads/2/fi", ["uploads/2/file"], ["uploads/2"]),
        ("up", ["up", "uploads/12/file", "uploads/13/file", "uploads/2/file"], None),
        ("incoming/", ["incoming/1"], ["incoming"]),
        ("gone/", [], ["gone"]),
    ],
)
def test_a_walk_looks_only_where_its_prefix_leads(folder, monkeypatch, prefix, found, looked_at):
    for key in ("incoming/1", "uploads/12/file", "uploads/13/file", "uploads/2/file", "up"):
        store.write(key, io.BytesIO(b"x"), type="")
    seen, scan = [], os.scandir

    def note(path):
        seen.append(Path(path).relative_to(folder).as_posix())
        return scan(path)

    monkeypatch.setattr(os, "scandir", note)
    assert sorted(key for key, _found in store.walk(prefix)) == found
    assert sorted(seen) == (looked_at or [".", "uploads", "uploads/12", "uploads/13", "uploads/2"])


def test_a_walk_does_not_leave_the_folder():
    with pytest.raises(StoreError):
        list(store.walk("../"))
