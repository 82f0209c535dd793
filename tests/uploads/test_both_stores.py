"""The same answers whether files lie on the local disk or in a bucket: over HTTP, as a browser sends them."""

import http.client
import io
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client

from tests.uploads import bombs, pictures
from tests.uploads.conftest import PNG, declare, keys
from tests.uploads.test_sniffing import EPS, HTML, SVG, archive
from uploads import checking, serving
from uploads.models import Upload, Usage
from uploads.stores import store
from workflows.testing import advance, run_until_idle

pytestmark = pytest.mark.django_db

MOST = 10 * 1024 * 1024
REFUSED = {
    "HTML": (HTML, "image/png"),
    "SVG": (SVG, "image/png"),
    "EPS": (EPS, "image/png"),
    "ZIP": (archive(), "image/png"),
    "HTML behind a PNG": (PNG + HTML, "image/png"),
    "truncated JPEG": (pictures.picture("image/jpeg")[:-40], "image/jpeg"),
    "PDF not at 0": (b"\n" + pictures.PDF, "application/pdf"),
    "PNG as JPEG": (PNG, "image/jpeg"),
}


class Place:
    """One of the stores, and how a browser sends bytes there."""

    def __init__(self, name: str) -> None:
        self.name = name

    def put(self, put: dict[str, Any], data: bytes, *, url: str = "", **changed: str) -> int:
        headers = put["headers"] | {name.replace("_", "-"): value for name, value in changed.items()}
        if self.name == "local":
            kind = headers.pop("Content-Type")
            return Client().put(url or put["url"], data, content_type=kind, headers=headers).status_code
        parts = urlsplit(url or put["url"])
        connection = http.client.HTTPConnection(parts.netloc, timeout=20)
        connection.request("PUT", f"{parts.path}?{parts.query}", data, headers)
        with connection.getresponse() as response:
            response.read()
        connection.close()
        return response.status


@pytest.fixture(params=["local", "s3"])
def place(request) -> Place:
    if request.param == "s3":
        request.getfixturevalue("s3")
    return Place(request.param)


@pytest.fixture
def client(shelf, alice, sign_in) -> Client:
    return sign_in(alice)


@pytest.fixture
def checked(client, place) -> Callable[..., dict[str, Any]]:
    """Return a function that sends a file the whole way; it returns what is said of it in the end."""

    def checked(data: bytes, type: str = "image/png", **fields: Any) -> dict[str, Any]:
        answer = declare(client, size=len(data), type=type, **fields).json()
        assert place.put(answer["put"], data) == 200
        assert client.post(answer["complete"]).status_code == 202
        run_until_idle()
        found: dict[str, Any] = client.get(answer["status"]).json()
        return found

    return checked


def test_exactly_ten_mebibytes_become_ready(checked, client):
    head, rest = pictures.PDF.split(b"\n", 1)
    data = head + b"\n%" + b" " * (MOST - len(pictures.PDF) - 2) + b"\n" + rest
    assert len(data) == MOST == 10485760
    assert checked(data, "application/pdf")["state"] == "ready"
    assert Upload.objects.get().stored_size == MOST
    assert declare(client, size=MOST + 1).status_code == 400


@pytest.mark.parametrize(
    ("data", "changed", "status"),
    [
        (PNG, {"Content_Type": "image/jpeg"}, 403),
        (PNG, {"Content_Type": "image/png; charset=x"}, 403),
        (PNG + b"x", {}, 403),
        (PNG[:-1], {}, 403),
        (b"", {}, 403),
        (PNG, {"x_amz_acl": "public-read"}, 403),
        (PNG, {"x_amz_meta_a": "b"}, 403),
        (PNG, {"If_None_Match": '"x"'}, 403),
    ],
)
def test_what_was_not_signed_is_refused(client, place, data, changed, status):
    put = declare(client).json()["put"]
    assert place.put(put, data, **changed) == status
    assert keys() == []
    assert place.put(put, PNG) == 200
    assert place.put(put, PNG) == 412


def test_the_key_of_another_is_refused(client, place):
    mine, other = declare(client).json(), declare(client).json()
    url = mine["put"]["url"].replace(mine["id"], other["id"])
    assert place.put(mine["put"], PNG, url=url) == 403
    assert keys() == []


def test_it_is_completed_after_it_arrived_and_once(client, place):
    answer = declare(client).json()
    early = client.post(answer["complete"])
    assert (early.status_code, early.json()["error"]["code"]) == (409, "not_uploaded")
    assert place.put(answer["put"], PNG) == 200
    first, second = client.post(answer["complete"]), client.post(answer["complete"])
    assert (first.status_code, first.json()) == (second.status_code, second.json())
    assert first.status_code == 202
    run_until_idle()
    third = client.post(answer["complete"])
    assert (third.status_code, third.json()["state"]) == (200, "ready")


@pytest.mark.parametrize("moment", ["looked at", "examined"])
def test_bytes_that_were_swapped_are_not_taken(client, place, shelf, monkeypatch, moment):
    """Through the signed address a second PUT is a 412; so this is somebody with the store's own key."""
    answer = declare(client).json()
    place.put(answer["put"], PNG)
    upload = Upload.objects.get()

    def swap(original):
        def then_swapped(*args, **kwargs):
            found = original(*args, **kwargs)
            store().write(upload.incoming, io.BytesIO(HTML.ljust(len(PNG), b" ")), type="image/png")
            return found

        return then_swapped

    owner, name = (checking, "look") if moment == "looked at" else (checking, "_read")
    monkeypatch.setattr(owner, name, swap(getattr(owner, name)))
    client.post(answer["complete"])
    run_until_idle()
    found = client.get(answer["status"]).json()
    assert (found["state"], found["reason"]) == ("rejected", "changed")
    assert client.post(answer["complete"]).status_code == 409
    assert keys() == []
    assert shelf.attached == []


@pytest.mark.slow
@pytest.mark.parametrize("end", ["cancel", "complete"])
def test_bytes_that_come_after_the_end_do_not_stay(client, place, shelf, end):
    answer = declare(client).json()
    if end == "complete":
        place.put(answer["put"], PNG)
        client.post(answer["complete"])
    else:
        client.post(f"{answer['status']}cancel/")
    run_until_idle()
    kept = keys()
    place.put(answer["put"], PNG)
    advance(timedelta(minutes=4))
    run_until_idle()
    assert keys() == kept


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_not_what_it_says_is_rejected_and_gone(checked, shelf, alice, what):
    found = checked(*REFUSED[what])
    assert (found["state"], bool(found["message"])) == ("rejected", True)
    assert keys() == []
    assert shelf.attached == []
    assert Usage.objects.get(owner=alice).bytes == 0


@pytest.mark.slow
@pytest.mark.parametrize("name", ["PNG of 88 megapixels", "PNG with zTXt"])
def test_bombs_are_rejected_and_gone(checked, name):
    type, make = bombs.BOMBS[name]
    found = checked(make(), type)
    assert found["state"] == "rejected"
    assert keys() == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "a\0b.png", "a\r\nX: y.png", "a\u202egnp.exe", "x" * 300 + ".png", ".htaccess"]
)
def test_names_are_served_harmless(checked, client, place, rf, name):
    assert checked(PNG, name=name)["state"] == "ready"
    upload = Upload.objects.get()
    assert upload.name.isprintable()
    response = serving.respond(rf.get("/"), upload, "file")
    if place.name == "local":
        said = response["Content-Disposition"]
        response.close()
    else:
        parts = urlsplit(response["Location"])
        connection = http.client.HTTPConnection(parts.netloc, timeout=20)
        connection.request("GET", f"{parts.path}?{parts.query}")
        with connection.getresponse() as answer:
            answer.read()
        connection.close()
        said = answer.headers["Content-Disposition"]
    assert re.fullmatch(r"inline; filename(=\"[^\"\\/]{1,255}\"|\*=utf-8''[\w%.~-]+)", said)
    assert "%2F" not in said


@pytest.mark.parametrize("place", ["s3"], indirect=True)  # for the local one see test_sending
def test_a_body_that_is_cut_leaves_nothing(client, place):
    put = declare(client).json()["put"]
    address = urlsplit(put["url"])
    connection = http.client.HTTPConnection(address.netloc, timeout=20)
    connection.putrequest("PUT", f"{address.path}?{address.query}")
    for name, value in (put["headers"] | {"Content-Length": str(len(PNG))}).items():
        connection.putheader(name, value)
    connection.endheaders(PNG[: len(PNG) // 2])
    connection.close()
    assert keys() == []
    assert place.put(put, PNG) == 200
