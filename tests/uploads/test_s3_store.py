"""What the bucket accepts and refuses, against a real server that checks signatures."""

import io
import threading
from datetime import UTC, datetime, timedelta

import pytest

from tests.uploads.bucket import KEY, MINUTE, content, put, send
from uploads.stores import store
from uploads.stores.base import Changed, Missing, StoreError
from uploads.stores.local import LocalStore
from uploads.stores.s3 import S3Store

pytestmark = pytest.mark.usefixtures("s3")


PNG = {"Content-Type": "image/png", "If-None-Match": "*"}


# --- What a browser may put ------------------------------------------------------------------------------------------


def test_the_configured_store_is_the_bucket():
    assert isinstance(store(), S3Store)


def test_what_was_signed_is_accepted_as_it_was_signed():
    right = store().presign_put(KEY, type="image/png", size=5, expires=MINUTE)
    assert right.headers == PNG
    assert send("PUT", right.url, b"12345", right.headers)[0].status == 200
    found = store().head(KEY)
    assert (found.size, found.type) == (5, "image/png")
    assert content(KEY) == b"12345"


@pytest.mark.parametrize(
    "wrong",
    [
        {"Content_Type": "image/gif"},
        {"Content_Type": "image/png; charset=x"},
        {"Content_Type": None},
        {"body": b"123456"},
        {"body": b"1234"},
        {"body": b""},
        {"If_None_Match": None},
        {"If_None_Match": '"0"'},
        {"x_amz_acl": "public-read"},
        {"x_amz_meta_owner": "mallory"},
        {"x_amz_copy_source": "/holdfast/incoming/other"},
        {"x_amz_tagging": "a=b"},
        {"x_amz_website_redirect_location": "https://evil.example"},
        {"change": (KEY, "incoming/0b9f")},
        {"change": (KEY, "uploads/0b9e/file")},
        {"change": ("X-Amz-Expires=60", "X-Amz-Expires=6000")},
        {"change": ("content-length%3B", "")},
        {"change": ("X-Amz-Signature=", "X-Amz-Signature=0")},
    ],
    ids=str,
)
def test_what_was_not_signed_is_refused(s3, wrong):
    assert put(**wrong) == 403
    assert "Contents" not in s3.client().list_objects_v2(Bucket="holdfast")


def test_a_body_of_no_known_length_is_refused():
    right = store().presign_put(KEY, type="image/png", size=5, expires=MINUTE)
    assert send("PUT", right.url, iter([b"123", b"45"]), right.headers)[0].status == 403
    assert store().head(KEY) is None


def test_a_right_that_is_over_is_refused(monkeypatch):
    then = datetime.now(UTC).replace(tzinfo=None) - timedelta(seconds=61)
    with monkeypatch.context() as past:
        past.setattr("botocore.auth.get_current_datetime", lambda **_options: then)
        right = store().presign_put(KEY, type="image/png", size=5, expires=MINUTE)
    response, answer = send("PUT", right.url, b"12345", right.headers)
    assert response.status == 403
    assert b"expired" in answer
    assert store().head(KEY) is None


def test_a_second_put_is_refused_and_changes_nothing(etag):
    assert put(b"54321") == 412
    assert store().head(KEY).etag == etag


@pytest.mark.slow
def test_of_many_puts_at_once_one_succeeds():
    right = store().presign_put(KEY, type="image/png", size=5, expires=MINUTE)
    start, answers = threading.Barrier(8), []

    def race(number):
        start.wait()
        body = str(number).encode() * 5
        answers.append((send("PUT", right.url, body, right.headers)[0].status, body))

    threads = [threading.Thread(target=race, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(status for status, _body in answers) == [200] + [412] * 7
    assert content(KEY) == next(body for status, body in answers if status == 200)


def test_a_right_to_put_is_none_to_read(etag):
    right = store().presign_put(KEY, type="image/png", size=5, expires=MINUTE)
    assert send("GET", right.url)[0].status == 403
    assert send("DELETE", right.url)[0].status == 403


def test_nobody_reads_without_a_right(s3, etag):
    assert send("GET", f"{s3.endpoint}/holdfast/{KEY}")[0].status == 403


# --- What is read, by whom -------------------------------------------------------------------------------------------


def test_a_right_to_read_says_type_and_name(etag):
    url = store().presign_get(KEY, name="plan €.png", type="image/gif", inline=False, expires=MINUTE)
    response, answer = send("GET", url)
    assert (response.status, answer) == (200, b"12345")
    assert response.headers["Content-Type"] == "image/gif"
    assert response.headers["Content-Disposition"].startswith("attachment")
    assert response.headers["Cache-Control"] == "private, max-age=60"


def test_parts_can_be_read(etag):
    url = store().presign_get(KEY, name="a.png", type="image/png", inline=True, expires=MINUTE)
    response, answer = send("GET", url, headers={"Range": "bytes=1-2"})
    assert (response.status, answer) == (206, b"23")


def test_a_right_to_read_cannot_be_bent(etag):
    url = store().presign_get(KEY, name="a.png", type="image/png", inline=True, expires=MINUTE)
    assert send("GET", url.replace("image%2Fpng", "text%2Fhtml"))[0].status == 403
    assert send("GET", url.replace(KEY, "private/exports/1"))[0].status == 403


def test_reading_gives_a_file_that_can_be_read_twice(etag):
    with store().open(KEY, etag=etag) as file:
        assert file.read() == b"12345"
        file.seek(3)
        assert file.read() == b"45"


def test_a_file_larger_than_a_chunk_is_read_whole():
    body = bytes(range(256)) * 40_000  # 10 MB
    store().write("uploads/1/file", io.BytesIO(body), type="image/png")
    assert content("uploads/1/file") == body


def test_what_is_missing_is_told_from_what_failed(settings, s3):
    assert store().head("uploads/none") is None
    with pytest.raises(Missing):
        content("uploads/none")
    with pytest.raises(Missing):
        store().promote("incoming/none", "uploads/none/file", etag="0", type="image/png")
    settings.S3 = s3.bucket(name="elsewhere")
    with pytest.raises(StoreError, match="NoSuchBucket") as failed:
        content("uploads/none")
    assert not isinstance(failed.value, Missing)


# --- From what was put to what is kept -------------------------------------------------------------------------------


def test_bytes_that_were_swapped_are_noticed(s3, etag):
    s3.client().put_object(Bucket="holdfast", Key=KEY, Body=b"54321", ContentType="image/png")
    with pytest.raises(Changed):
        content(KEY, etag=etag)
    with pytest.raises(Changed):
        store().promote(KEY, "uploads/1/file", etag=etag, type="image/png")
    assert store().head("uploads/1/file") is None


def test_promoting_twice_is_as_good_as_once(etag):
    store().promote(KEY, "uploads/1/file", etag=etag, type="image/png")
    store().promote(KEY, "uploads/1/file", etag=etag, type="image/png")
    store().delete(KEY)
    store().promote(KEY, "uploads/1/file", etag=etag, type="image/png")
    assert content("uploads/1/file") == b"12345"
    with pytest.raises(Missing):
        store().promote(KEY, "uploads/1/file", etag="other", type="image/png")


def test_headers_that_nobody_signed_are_not_promoted(s3):
    """The server takes them, as S3 does; what is served must not be declared gzip by whoever sent it."""
    assert put(Content_Encoding="gzip", Cache_Control="public", Content_Disposition="inline; filename=x.html") == 200
    store().promote(KEY, "uploads/1/file", etag=store().head(KEY).etag, type="image/webp")
    kept = s3.client().head_object(Bucket="holdfast", Key="uploads/1/file")
    assert kept["ContentType"] == "image/webp"
    assert not {"ContentEncoding", "CacheControl", "ContentDisposition"} & set(kept)


def test_writing_replaces_and_deleting_needs_nothing_to_be_there():
    for body in (b"one", b"three"):
        file = io.BytesIO(body)
        file.seek(2)
        store().write("uploads/1/small.webp", file, type="image/webp")
        assert content("uploads/1/small.webp") == body
    for _ in range(2):
        store().delete("uploads/1/small.webp")
    assert store().head("uploads/1/small.webp") is None


def test_only_what_is_of_uploads_is_walked(s3, etag):
    for key in ("uploads/1/file", "uploads/2/file", "private/exports/1", "somebody-elses"):
        s3.client().put_object(Bucket="holdfast", Key=key, Body=b"x")
    assert [key for key, _found in store().walk()] == [KEY, "uploads/1/file", "uploads/2/file"]
    assert [key for key, _found in store().walk("uploads/2")] == ["uploads/2/file"]
    assert list(store().walk("private/")) == []
    assert dict(store().walk("incoming/"))[KEY].etag == etag


def test_local_and_remote_offer_the_same():
    def offered(kind):
        return {name for name in vars(kind) if not name.startswith("_")}

    assert offered(S3Store) == offered(LocalStore) - {"receive"}
