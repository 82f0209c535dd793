"""What becomes of a call when the bucket is gone, silent, slow, or has other keys."""

import io
import time

import pytest

from project.errors import is_outage
from tests.uploads.bucket import KEY, MINUTE, content
from uploads.stores import store
from uploads.stores.base import Changed, Missing, StoreError

pytestmark = pytest.mark.usefixtures("s3")


OPERATIONS = {
    "head": lambda: store().head(KEY),
    "open": lambda: content(KEY),
    "promote": lambda: store().promote(KEY, "uploads/1/file", etag="0", type="image/png"),
    "write": lambda: store().write(KEY, io.BytesIO(b"12345"), type="image/png"),
    "delete": lambda: store().delete(KEY),
    "walk": lambda: list(store().walk()),
}


@pytest.mark.slow
@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_store_that_is_out_of_reach_fails_soon(settings, s3, operation):
    settings.S3 = s3.bucket(endpoint="http://127.0.0.1:1")
    began = time.monotonic()
    with pytest.raises(StoreError) as failed:
        OPERATIONS[operation]()
    assert not isinstance(failed.value, Missing | Changed)
    assert is_outage(failed.value)
    assert time.monotonic() - began < 5


@pytest.mark.slow
def test_a_store_that_was_killed_comes_back_with_all_that_it_took(s3, etag):
    s3.stop()
    with pytest.raises(StoreError):
        store().head(KEY)
    s3.start()
    assert content(KEY, etag=etag) == b"12345"


@pytest.mark.slow
@pytest.mark.parametrize("operation", ["head", "open"])
def test_a_store_that_says_nothing_fails_within_its_time(s3, monkeypatch, operation):
    monkeypatch.setattr("uploads.stores.s3.QUICK", 0.5)
    monkeypatch.setattr("uploads.stores.s3.PATIENT", 0.5)
    s3.freeze()
    began = time.monotonic()
    with pytest.raises(StoreError, match="Timeout"):
        OPERATIONS[operation]()
    assert time.monotonic() - began < 4


def test_a_store_that_trickles_fails_within_its_time(monkeypatch):
    store().write("uploads/1/file", io.BytesIO(bytes(1_000_000)), type="image/png")
    monkeypatch.setattr("uploads.stores.s3.READ_WITHIN", -1)
    with pytest.raises(StoreError, match="of 1000000 bytes arrived in"):
        content("uploads/1/file")


def test_a_store_with_other_keys_says_so(settings, s3):
    settings.S3 = s3.bucket(secret_key="another")
    with pytest.raises(StoreError, match="403"):
        store().head(KEY)


def test_presigning_asks_nobody(settings, s3):
    settings.S3 = s3.bucket(endpoint="http://127.0.0.1:1")
    assert store().presign_put(KEY, type="image/png", size=5, expires=MINUTE).url.startswith("http://127.0.0.1:1/")
