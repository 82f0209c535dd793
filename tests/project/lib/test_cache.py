"""The default cache, whichever it is: these tests run on the SQLite store and on a real Valkey."""

import multiprocessing
import sqlite3
import time
from collections import Counter

import pytest
from django.conf import settings
from django.core.cache import caches

from project.lib.cache import SQLiteCache

pytestmark = pytest.mark.cache

embedded_only = pytest.mark.skipif(
    "SQLite" not in settings.CACHES["default"]["BACKEND"], reason="a property of the embedded store's file"
)


@pytest.fixture
def cache():
    store = caches["default"]
    store.clear()
    yield store
    store.clear()


def test_it_returns_what_was_set(cache):
    for value in (1, 0, -5, 2**70, True, "text", b"bytes", None, {"a": [1, 2]}, 1.5):
        cache.set("key", value)
        assert cache.get("key", "missing") == value
        assert type(cache.get("key")) is type(value)


def test_a_missing_key_gives_the_default(cache):
    assert cache.get("nothing") is None
    assert cache.get("nothing", 7) == 7
    assert "nothing" not in cache


def test_add_stores_only_the_first(cache):
    assert cache.add("key", 1)
    assert not cache.add("key", 2)
    assert cache.get("key") == 1


def test_an_entry_expires_and_can_be_added_again(cache):
    cache.set("key", 1, timeout=1)
    cache.set("other", 1, timeout=0)
    assert "other" not in cache
    time.sleep(1.1)  # the store's own clock is what is tested
    assert cache.get("key") is None
    assert cache.add("key", 2)


def test_touch_prolongs_and_says_whether_there_was_something(cache):
    cache.set("key", 1, timeout=1)
    assert cache.touch("key", 60)
    assert not cache.touch("nothing", 60)
    time.sleep(1.1)
    assert cache.get("key") == 1


def test_delete_says_whether_there_was_something(cache):
    cache.set("key", 1)
    assert cache.delete("key")
    assert not cache.delete("key")


def test_many_at_once(cache):
    assert cache.set_many({"a": 1, "b": 2}) == []
    assert cache.get_many(["a", "b", "c"]) == {"a": 1, "b": 2}
    cache.delete_many(["a", "b"])
    assert cache.get_many(["a", "b"]) == {}


def test_incr_needs_a_counter(cache):
    with pytest.raises(ValueError, match="nothing"):
        cache.incr("nothing")
    cache.set("counter", 5)
    assert cache.incr("counter", 3) == 8
    assert cache.decr("counter") == 7


def test_versions_do_not_see_each_other(cache):
    cache.set("key", 1, version=1)
    assert cache.get("key", version=2) is None


def test_clear_removes_everything(cache):
    cache.set("key", 1)
    cache.clear()
    assert "key" not in cache


def _count(rounds: int, results) -> None:
    store = caches["default"]
    firsts = sum(store.add(f"round-{number}", 1) for number in range(rounds))
    for _ in range(rounds):
        store.add("shared", 0)
        store.incr("shared")
    results.put(firsts)


def test_counting_is_exact_over_processes(cache):
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    processes = [context.Process(target=_count, args=(100, results)) for _ in range(8)]
    for process in processes:
        process.start()
    firsts = sum(results.get(timeout=60) for _ in processes)
    for process in processes:
        process.join(timeout=60)
    assert cache.get("shared") == 800
    assert firsts == 100


@embedded_only
def test_it_counts_while_the_database_is_write_locked(cache, tmp_path):
    store = SQLiteCache(str(tmp_path / "cache.sqlite3"), {})
    main = sqlite3.connect(tmp_path / "main.sqlite3", isolation_level=None)
    main.execute("BEGIN IMMEDIATE")
    started = time.monotonic()
    store.add("counter", 0)
    assert store.incr("counter") == 1
    assert time.monotonic() - started < 1
    main.close()


@embedded_only
def test_a_deleted_file_is_made_anew(tmp_path):
    file = tmp_path / "cache.sqlite3"
    first, second = SQLiteCache(str(file), {}), SQLiteCache(str(file), {})
    first.set("counter", 1)
    for part in tmp_path.iterdir():
        part.unlink()
    second.set("counter", 5)
    assert first.incr("counter") == 6


@embedded_only
def test_it_stays_below_its_limit(tmp_path, monkeypatch):
    monkeypatch.setattr("project.lib.cache.random.random", lambda: 0.0)
    store = SQLiteCache(str(tmp_path / "cache.sqlite3"), {"OPTIONS": {"MAX_ENTRIES": 30}})
    for number in range(100):
        store.set(f"key-{number}", number, timeout=1000 + number)
    kept = Counter(store.has_key(f"key-{number}") for number in range(100))
    assert kept[True] <= 31
    assert store.get("key-99") == 99
