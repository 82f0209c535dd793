"""Sending files; who may see them is the caller's matter."""

from datetime import timedelta

import pytest
from django.http import Http404
from django.test import RequestFactory

from tests.uploads.conftest import PNG
from uploads.serving import respond
from uploads.stores import store
from uploads.stores.local import LocalStore

pytestmark = pytest.mark.django_db


def ask(upload, variant="file", **headers):
    request = RequestFactory().get("/", headers={name.replace("_", "-"): value for name, value in headers.items()})
    response = respond(request, upload, variant)
    response.body = b"".join(response.streaming_content) if response.streaming else response.content
    response.close()
    return response


def body(response) -> bytes:
    return response.body


def test_a_file_is_sent_as_what_it_is_and_as_nothing_else(make_ready):
    response = ask(make_ready())
    assert body(response) == PNG
    assert response["Content-Type"] == "image/png"
    assert response["Content-Length"] == str(len(PNG))
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert response["Content-Disposition"] == 'inline; filename="tiles.png"'
    assert response["Cache-Control"] == "private, no-cache"


def test_the_name_of_a_picture_made_from_it(make_ready):
    response = ask(make_ready(), "small")
    assert response["Content-Type"] == "image/webp"
    assert body(response)[8:12] == b"WEBP"


def test_what_the_browser_has_is_not_sent_again(make_ready):
    upload = make_ready()
    etag = ask(upload)["ETag"]
    assert ask(upload, If_None_Match=etag).status_code == 304
    assert ask(upload, If_None_Match=f'"other", {etag}').status_code == 304
    assert ask(upload, If_None_Match='"other"').status_code == 200
    assert ask(upload, "small")["ETag"] != etag


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-9", 0, 10),
        ("bytes=10-", 10, None),
        ("bytes=-5", -5, None),
        ("bytes=5-99999", 5, None),
        ("bytes=0-0", 0, 1),
    ],
)
def test_a_part(make_ready, asked, start, end):
    response = ask(make_ready(), Range=asked)
    assert response.status_code == 206
    part = PNG[start:end]
    assert body(response) == part
    assert response["Content-Length"] == str(len(part))
    first = start % len(PNG)
    assert response["Content-Range"] == f"bytes {first}-{first + len(part) - 1}/{len(PNG)}"


@pytest.mark.parametrize("asked", ["bytes=0-1,3-4", "lines=1-2", "bytes=-", "bytes=9-3", "bytes=a-b", "0-9"])
def test_parts_that_are_not_understood_are_the_whole(make_ready, asked):
    response = ask(make_ready(), Range=asked)
    assert (response.status_code, body(response)) == (200, PNG)


@pytest.mark.parametrize("asked", ["bytes=99999-", "bytes=-0"])
def test_a_part_behind_the_end(make_ready, asked):
    response = ask(make_ready(), Range=asked)
    assert response.status_code == 416
    assert response["Content-Range"] == f"bytes */{len(PNG)}"


def test_a_part_of_what_has_changed_is_the_whole(make_ready):
    upload = make_ready()
    etag = ask(upload)["ETag"]
    assert ask(upload, Range="bytes=0-3", If_Range=etag).status_code == 206
    assert ask(upload, Range="bytes=0-3", If_Range='"other"').status_code == 200


def test_nothing_unverified_is_sent(arrive, alice):
    upload = arrive()
    with pytest.raises(Http404):
        ask(upload)
    upload.complete(by=alice)
    with pytest.raises(Http404):
        ask(upload)


def test_what_is_not_there_any_more(make_ready, alice):
    upload = make_ready()
    store().delete(upload.file)
    with pytest.raises(Http404):
        ask(upload)
    upload.discard(by=alice)
    with pytest.raises(Http404):
        ask(upload, "small")


def test_a_picture_that_is_not_made_yet(make_ready):
    upload = make_ready()
    upload.thumbnails_at = None
    with pytest.raises(Http404):
        ask(upload, "small")


def test_another_store_sends_it_itself(make_ready, monkeypatch):
    def presign(self, key, *, name, type, inline, expires):
        assert (name, type, inline, expires) == ("tiles.png", "image/png", True, timedelta(seconds=60))
        return f"https://s3.example.com/{key}"

    upload = make_ready()
    monkeypatch.setattr(LocalStore, "presign_get", presign)
    response = ask(upload)
    assert (response.status_code, response["Location"]) == (302, f"https://s3.example.com/{upload.file}")
