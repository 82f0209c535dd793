"""Completing, asking and cancelling."""

from uuid import uuid4

import pytest
from django.test import Client

from tests.at_once import at_once, during
from tests.uploads.conftest import PNG, declare, keys, send
from uploads.models import Upload, Usage
from uploads.reasons import Reason
from uploads.stores import store
from uploads.stores.base import StoreError
from uploads.stores.local import LocalStore
from workflows.models import Message, Run
from workflows.testing import run_until_idle

pytestmark = [pytest.mark.database, pytest.mark.django_db]


def test_the_whole_way(shelf, alice, sign_in):
    client = sign_in(alice)
    answer = declare(client).json()
    assert send(answer["put"]).status_code == 200
    completed = client.post(answer["complete"])
    assert (completed.status_code, completed.json()["state"]) == (202, "verifying")
    run_until_idle()
    found = client.get(answer["status"]).json()
    assert found == {
        "id": answer["id"],
        "state": "ready",
        "reason": "",
        "message": "",
        "name": "tiles.png",
        "type": "image/png",
        "size": len(PNG),
    }
    assert [upload.pk for upload in shelf.attached] == [Upload.objects.get().pk]


def test_nothing_is_completed_before_it_arrived(begin, alice, sign_in):
    upload = begin()
    response = sign_in(alice).post(f"/uploads/{upload.pk}/complete/")
    assert (response.status_code, response.json()["error"]["code"]) == (409, "not_uploaded")
    upload.refresh_from_db()
    assert upload.state == "pending"
    assert not Run.objects.exists()


def test_twice_gives_the_same_answer(arrive, alice, sign_in):
    upload, client = arrive(), sign_in(alice)
    first, second = (client.post(f"/uploads/{upload.pk}/complete/") for _ in range(2))
    assert first.status_code == second.status_code == 202
    assert first.json() == second.json()
    run_until_idle()
    third = client.post(f"/uploads/{upload.pk}/complete/")
    assert (third.status_code, third.json()["state"]) == (200, "ready")
    assert Run.objects.filter(workflow="verify upload").count() == 1


@pytest.mark.django_db(transaction=True)
def test_at_once_it_is_completed_once(arrive, alice):
    pk = arrive().pk
    answers = at_once(*[lambda: Upload.objects.get(pk=pk).complete(by=alice)] * 4)
    assert sorted(answers) == [False, False, False, True]
    assert Run.objects.filter(workflow="verify upload").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_at_once_do_not_pass_the_quota(begin, alice, settings):
    settings.UPLOAD_QUOTA_BYTES = len(PNG)
    answers = at_once(*[begin] * 3)
    assert sum(isinstance(answer, Upload) for answer in answers) == 1
    assert Usage.objects.get(owner=alice).bytes == len(PNG)


def test_a_store_that_is_down_is_said(arrive, alice, sign_in, monkeypatch):
    def down(*args):
        raise StoreError("down")

    upload = arrive()
    with monkeypatch.context() as patched:
        patched.setattr(LocalStore, "head", down)
        response = sign_in(alice).post(f"/uploads/{upload.pk}/complete/")
        assert (response.status_code, response.json()["error"]["code"]) == (503, "store")
    assert sign_in(alice).post(f"/uploads/{upload.pk}/complete/").status_code == 202


@pytest.mark.parametrize("verb", ["put", "complete", "cancel", ""])
def test_it_is_its_owners_alone(arrive, bob, mallory, sign_in, verb):
    upload = arrive()
    url = f"/uploads/{upload.pk}/{verb}{'/' if verb else ''}"
    method = "post" if verb else "get"
    for person in (bob, mallory):
        response = getattr(sign_in(person), method)(url)
        assert (response.status_code, response.json()["error"]["code"]) == (404, "not_found")
    assert getattr(Client(), method)(url).status_code == 401
    assert getattr(sign_in(bob), method)(f"/uploads/{uuid4()}/{verb}{'/' if verb else ''}").status_code == 404
    assert sign_in(bob).delete(url).status_code == 405


def test_cancelling_deletes_what_arrived(arrive, alice, sign_in):
    upload, client = arrive(), sign_in(alice)
    for _ in range(2):
        response = client.post(f"/uploads/{upload.pk}/cancel/")
        assert (response.status_code, response.json()["state"]) == (200, "deleted")
    run_until_idle()
    assert keys() == []
    assert Usage.objects.get(owner=alice).bytes == 0
    assert client.post(f"/uploads/{upload.pk}/complete/").json()["state"] == "deleted"


def test_cancelling_while_it_is_checked(arrive, shelf, alice, sign_in):
    upload = arrive()
    upload.complete(by=alice)
    assert sign_in(alice).post(f"/uploads/{upload.pk}/cancel/").json()["state"] == "deleted"
    run_until_idle()
    assert keys() == []
    assert shelf.attached == []


def test_what_is_ready_is_not_cancelled(make_ready, alice, sign_in):
    upload = make_ready()
    assert sign_in(alice).post(f"/uploads/{upload.pk}/cancel/").json()["state"] == "ready"
    run_until_idle()
    assert store().head(upload.file)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("verb", ["complete", "cancel"])
def test_what_is_pruned_meanwhile_is_deleted(begin, alice, sign_in, verb):
    upload, client = begin(), sign_in(alice)
    upload.discard(by=alice)
    url = f"/uploads/{upload.pk}/{verb}/"
    answer = during(Upload.objects.filter(pk=upload.pk).delete, lambda: client.post(url))
    assert (answer.status_code, answer.json()["state"]) == (200, "deleted")
    assert client.post(url).status_code == 404


@pytest.mark.parametrize(
    "verb",
    [
        lambda gone, by: gone.complete(by=by),
        lambda gone, by: gone.cancel(by=by),
        lambda gone, by: gone.discard(by=by),
        lambda gone, by: gone.lose(by=by),
        lambda gone, by: gone.recheck(by=by),
        lambda gone, _by: gone.settle_ready(stored={}),
        lambda gone, _by: gone.settle_rejected(Reason.MISSING),
    ],
)
def test_no_verb_does_anything_to_what_is_pruned(arrive, alice, verb):
    gone = arrive()
    Upload.objects.all().delete()
    assert verb(gone, alice) is False
    assert gone.state == "deleted"
    assert not Run.objects.exists()
    assert not Message.objects.exists()


def test_deleting_gives_back_bytes_and_room(make_ready, alice):
    upload = make_ready()
    assert upload.discard(by=alice)
    assert not upload.discard(by=alice)
    run_until_idle()
    assert keys() == []
    assert Usage.objects.get(owner=alice).bytes == 0
