"""PUT of the bytes to the local store: it answers as S3 does."""

from datetime import timedelta
from io import BytesIO
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from tests.uploads.conftest import PNG, declare, keys, send
from uploads.models import Upload
from uploads.stores import store
from uploads.stores.base import StoreError
from uploads.stores.local import LocalStore

pytestmark = pytest.mark.django_db


@pytest.fixture
def put(shelf, alice, sign_in) -> dict:
    return declare(sign_in(alice)).json()["put"]


def changed(put: dict, **fields) -> str:
    address, _, query = put["url"].partition("?")
    return f"{address}?{urlencode(dict(parse_qsl(query)) | fields)}"


def test_bytes_arrive_without_a_session(put):
    response = send(put)
    assert response.status_code == 200
    upload = Upload.objects.get()
    assert keys() == [upload.incoming]
    with store().open(upload.incoming) as file:
        assert file.read() == PNG
    assert response["ETag"].strip('"') == store().head(upload.incoming).etag


def test_they_need_no_token(put):
    assert send(put, client=Client(enforce_csrf_checks=True)).status_code == 200


def test_the_second_time_is_refused(put):
    assert send(put).status_code == 200
    again = send(put)
    assert (again.status_code, again.json()["error"]["code"]) == (412, "taken")


def test_nothing_is_overwritten_after_the_check(put, alice):
    send(put)
    Upload.objects.get().complete(by=alice)
    store().delete(Upload.objects.get().incoming)
    assert send(put).status_code == 412
    assert keys() == []


@pytest.mark.parametrize("data", [PNG + b"x", PNG[:-1], b""])
def test_another_length_is_refused(put, data):
    assert send(put, data).status_code == 403
    assert keys() == []


@pytest.mark.parametrize("type", ["image/jpeg", "image/png; charset=x", "text/html", ""])
def test_another_type_is_refused(put, type):
    assert send({**put, "headers": put["headers"] | {"Content-Type": type}}).status_code == 403


def test_headers_that_were_not_signed_are_refused(put):
    assert send(put, X_Amz_Acl="public-read").status_code == 403
    assert send({**put, "headers": {"Content-Type": "image/png"}}).status_code == 403
    assert send(put, If_None_Match='"x"').status_code == 403


@pytest.mark.parametrize(
    "fields",
    [
        *({"signature": "0" * 64}, {"signature": ""}, {"signature": "ü"}, {"expires": "99999999999"}),
        *({"expires": "x"}, {"expires": "9" * 50}, {"expires": ""}, {"size": "٣"}, {"type": "text/html"}),
    ],
)
def test_a_changed_address_is_refused(put, fields):
    assert send(put, url=changed(put, **fields)).status_code == 403


def test_the_address_of_another_upload_is_refused(put, shelf, alice, sign_in):
    other = declare(sign_in(alice)).json()["put"]
    query = urlsplit(put["url"]).query
    assert send(put, url=f"{urlsplit(other['url']).path}?{query}").status_code == 403


def test_two_minutes_later_it_is_refused(put, monkeypatch):
    later = timezone.now() + timedelta(seconds=121)
    monkeypatch.setattr(timezone, "now", lambda: later)
    assert send(put).status_code == 403


def test_a_fresh_address_is_given_while_it_is_pending(shelf, begin, alice, bob, sign_in):
    upload = begin()
    response = sign_in(alice).post(f"/uploads/{upload.pk}/put/")
    assert response.status_code == 200
    assert send(response.json()["put"]).status_code == 200
    upload.complete(by=alice)
    assert sign_in(alice).post(f"/uploads/{upload.pk}/put/").json()["state"] == "verifying"
    assert sign_in(bob).post(f"/uploads/{upload.pk}/put/").status_code == 404


def test_a_chunked_body_is_refused(put):
    assert send(put, Transfer_Encoding="chunked").status_code == 411


def test_a_cut_body_is_refused(put):
    cut = {"wsgi.input": BytesIO(PNG[:-5]), "CONTENT_LENGTH": str(len(PNG))}
    response = Client().generic("PUT", put["url"], content_type="image/png", headers=put["headers"], **cut)
    assert response.status_code == 400
    assert keys() == []
    assert send(put).status_code == 200


def test_a_huge_body_is_refused(put):
    huge = {"CONTENT_LENGTH": str(80 * 2**20)}
    response = Client().generic("PUT", put["url"], content_type="image/png", headers=put["headers"], **huge)
    assert response.status_code == 413


@pytest.mark.parametrize("method", ["get", "post", "delete"])
def test_only_put_is_taken(put, method):
    assert getattr(Client(), method)(put["url"]).status_code == 405


@pytest.mark.django_db(transaction=True)
def test_a_slow_line_holds_no_connection_of_the_pool(put, monkeypatch):
    """A pool hands out connections that end with the request; see DATABASES."""
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "CONN_MAX_AGE", 0)
    held = []
    receive = LocalStore.receive

    def look(self, *args, **kwargs):
        held.append(connection.connection)
        return receive(self, *args, **kwargs)

    monkeypatch.setattr(LocalStore, "receive", look)
    assert send(put).status_code == 200
    assert held == [None]


def test_a_disk_that_is_full_is_said(put, monkeypatch):
    def full(*args, **kwargs):
        raise StoreError("OSError: no space left")

    monkeypatch.setattr(LocalStore, "receive", full)
    response = send(put)
    assert (response.status_code, response.json()["error"]["code"]) == (503, "store")
    assert response["Retry-After"]


def test_without_the_local_store_there_is_no_such_address(put, monkeypatch):
    monkeypatch.setattr("uploads.views.store", object)
    assert send(put).status_code == 404
