"""POST /uploads/: what is refused before a byte is sent."""

import json

import pytest
from django.test import Client

from tests.uploads.conftest import PNG, SHELF, declare
from uploads.models import Upload, Usage

pytestmark = pytest.mark.django_db


def code(response) -> str:
    return response.json()["error"]["code"]


def test_an_upload_is_declared(shelf, alice, sign_in):
    response = declare(sign_in(alice))
    assert response.status_code == 201
    answer = response.json()
    upload = Upload.objects.get(pk=answer["id"])
    assert (upload.owner, upload.name, upload.type, upload.size) == (alice, "tiles.png", "image/png", len(PNG))
    assert answer["state"] == upload.state == "pending"
    addresses = {"status": "", "renew": "put/", "complete": "complete/", "cancel": "cancel/"}
    assert {name: answer[name] for name in addresses} == {
        name: f"/uploads/{upload.pk}/{end}" for name, end in addresses.items()
    }
    assert answer["put"]["headers"] == {"Content-Type": "image/png", "If-None-Match": "*"}
    assert Usage.objects.get(owner=alice).bytes == len(PNG)


@pytest.mark.parametrize("size", [-1, 1.5, True, "10", None, [1], {}])
def test_a_size_is_a_whole_number(shelf, alice, sign_in, size):
    response = declare(sign_in(alice), size=size)
    assert (response.status_code, code(response)) == (400, "size")
    assert not Upload.objects.exists()


@pytest.mark.parametrize(("size", "what"), [(0, "empty"), (10485761, "too_large"), (10**400, "too_large")])
def test_sizes_out_of_bounds(shelf, alice, sign_in, size, what):
    response = declare(sign_in(alice), size=size)
    assert (response.status_code, code(response)) == (400, what)


def test_exactly_ten_mebibytes_are_taken(shelf, alice, sign_in):
    assert declare(sign_in(alice), size=10485760).status_code == 201


@pytest.mark.parametrize(
    "type",
    [
        *("image/svg+xml", "image/*", "imagefoo/png", "text/html", "image/png; charset=x", "image/png\r\nX: y"),
        *("IMAGE/PNG", "", " image/png", "image/\ud800", 5, None, ["image/png"]),
    ],
)
def test_other_types_are_refused(shelf, alice, sign_in, type):
    response = declare(sign_in(alice), type=type)
    assert (response.status_code, code(response)) == (400, "type")


@pytest.mark.parametrize("name", ["", "x" * 1001, None, 5, "\ud800.png"])
def test_names_that_are_none(shelf, alice, sign_in, name):
    response = declare(sign_in(alice), name=name)
    assert (response.status_code, code(response)) == (400, "name")


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "a\0b.png", "a\r\nb.png", "a\u202egnp.exe", "ü" * 300 + ".png", ".htaccess", "..", "/"]
)
def test_names_are_made_harmless(shelf, alice, sign_in, name):
    assert declare(sign_in(alice), name=name).status_code == 201
    kept = Upload.objects.get().name
    assert 0 < len(kept.encode()) <= 255
    assert kept.isprintable()
    assert "/" not in kept
    assert not kept.startswith(".")


@pytest.mark.parametrize(
    "target",
    [
        None,
        "shelf",
        {},
        {"kind": "shelf"},
        {"kind": "nothing", "id": "7"},
        {"kind": "shelf", "id": "7\0"},
        *({"kind": "shelf", "id": ["7"]}, {"kind": ["shelf"], "id": "7"}, {"kind": "shelf", "id": -7}),
    ],
)
def test_targets_that_are_none(shelf, alice, sign_in, target):
    response = declare(sign_in(alice), target=target)
    assert (response.status_code, code(response)) == (400, "target")


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b"\xff", b"{", b"[" * 100_000, b'{"size": 1' + b"0" * 5000 + b"}"]
)
def test_bodies_that_are_none(shelf, alice, sign_in, body):
    response = sign_in(alice).post("/uploads/", body, content_type="application/json")
    assert response.status_code == 400
    assert response.json()["error"]["message"]


def test_the_id_of_a_target_may_be_a_number(shelf, alice, sign_in):
    assert declare(sign_in(alice), target={"kind": "shelf", "id": 7}).status_code == 201
    assert Upload.objects.get().target == SHELF


def test_an_editor_may(shelf, bob, sign_in):
    assert declare(sign_in(bob)).status_code == 201


def test_a_reader_may_not(shelf, carol, sign_in):
    response = declare(sign_in(carol))
    assert (response.status_code, code(response)) == (403, "forbidden")
    assert "only look" in response.json()["error"]["message"]


def test_a_stranger_finds_nothing(shelf, mallory, sign_in):
    response = declare(sign_in(mallory))
    assert (response.status_code, code(response)) == (404, "not_found")


def test_visitors_are_told_to_sign_in(shelf):
    response = declare(Client())
    assert (response.status_code, code(response)) == (401, "signed_out")


def test_it_is_asked_by_post_and_with_a_token(shelf, alice, sign_in):
    assert sign_in(alice).get("/uploads/").status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice)
    assert declare(strict).status_code == 403


def test_what_is_reserved_counts_against_the_quota(shelf, alice, sign_in, settings):
    settings.UPLOAD_QUOTA_BYTES = 2 * len(PNG)
    client = sign_in(alice)
    assert [declare(client).status_code for _ in range(3)] == [201, 201, 409]
    refused = declare(client)
    assert code(refused) == "quota"
    upload = Upload.objects.first()
    assert client.post(f"/uploads/{upload.pk}/cancel/").json()["state"] == "deleted"
    assert declare(client).status_code == 201


def test_tries_are_limited(shelf, alice, sign_in, settings):
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"upload": [("2/5m", "actor")]}
    client = sign_in(alice)
    assert [declare(client).status_code for _ in range(3)] == [201, 201, 429]
    refused = declare(client)
    assert int(refused["Retry-After"]) > 0
    assert code(refused) == "too_many_requests"
    assert json.loads(refused.content)["error"]["message"]
