"""A bucket that is down, slow, full, answers 500 or nonsense: the member is told, can try again, and loses nothing."""

import io
import time
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils.html import escape

from tests.faulty import BROKEN, BUSY, FULL
from tests.todos.attachments.files import attach
from tests.uploads.conftest import PNG, declare, keys, png
from tests.uploads.soundness import assert_ledger, assert_nothing_astray, assert_sound
from uploads.models import State, Upload, Usage
from uploads.stores import store
from workflows.models import Run
from workflows.testing import advance, run_until_idle

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("faulty", "impatient")]

HOUR = timedelta(hours=1)
AGAIN = "Files can't be stored right now. Nothing is lost. Try again in a moment."
SLOWLY = ("down", "silent", "slow", "503", "507", "nonsense")
FAULTS = ["500", *(pytest.param(one, marks=pytest.mark.slow) for one in SLOWLY)]
STALLS = 3  # seconds: more than two tries of an impatient client


@pytest.fixture
def fault(request, faulty, s3) -> AbstractContextManager[None]:
    """Return a context in which the bucket has the fault."""

    @contextmanager
    def until_it_is_started(end):
        end()
        yield
        s3.start()

    return {
        "down": lambda: until_it_is_started(s3.stop),
        "silent": lambda: until_it_is_started(s3.freeze),
        "slow": lambda: faulty.late(STALLS),
        "500": lambda: faulty.answering(*BROKEN),
        "503": lambda: faulty.answering(*BUSY),
        "507": lambda: faulty.answering(*FULL),
        "full": lambda: faulty.answering(*FULL, methods="PUT"),
        "nonsense": faulty.talking_nonsense,
    }[request.param]()


def assert_told(response) -> None:
    assert (response.status_code, response["Retry-After"]) == (503, "10")
    assert response.json()["error"] == {"code": "store", "message": AGAIN}


@pytest.mark.parametrize("fault", FAULTS, indirect=True)
def test_who_sends_is_told_and_completes_it_afterwards(shelf, alice, sign_in, fault):
    client = sign_in(alice)
    answer = declare(client).json()
    upload = Upload.objects.get()
    store().write(upload.incoming, io.BytesIO(PNG), type=upload.type)
    with fault:
        began = time.monotonic()
        assert_told(client.post(answer["complete"]))
        assert time.monotonic() - began < STALLS
        assert client.get(answer["status"]).json()["state"] == "pending"
        assert client.post(f"{answer['status']}put/").status_code == 200
        assert declare(client).status_code == 201
        assert_ledger()
    assert client.post(answer["complete"]).status_code == 202
    run_until_idle()
    assert client.get(answer["status"]).json()["state"] == "ready"
    assert_sound()
    assert_nothing_astray()


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS, indirect=True)
def test_who_cancels_meanwhile_has_cancelled(sent, alice, sign_in, fault):
    upload = sent()
    with fault:
        assert sign_in(alice).post(f"/uploads/{upload.pk}/cancel/").json()["state"] == "deleted"
        run_until_idle()
        assert Usage.objects.get(owner=alice).bytes == 0
    advance(HOUR)
    run_until_idle()
    assert keys() == []
    assert_nothing_astray()


@pytest.mark.slow
@pytest.mark.parametrize("fault", [*FAULTS, "full"], indirect=True)
@pytest.mark.parametrize("data", [PNG, png(comment=b"stripped")], ids=["promoted", "written"])
def test_the_check_waits_for_it(sent, alice, sign_in, fault, data):
    upload = sent(data)
    with fault:
        run_until_idle()
        assert sign_in(alice).get(f"/uploads/{upload.pk}/").json()["state"] == "verifying"
        assert_ledger()
    advance(HOUR)
    run_until_idle()
    upload.refresh_from_db()
    assert upload.state == State.READY
    assert upload.thumbnails_at
    assert_sound()
    assert_nothing_astray()


@pytest.mark.parametrize("fault", ["500", "full", "nonsense"], indirect=True)
@pytest.mark.slow
def test_the_check_gives_up_after_an_hour_and_says_so(sent, alice, sign_in, fault):
    upload = sent()
    with fault:
        for _ in range(12):
            run_until_idle()
            advance(HOUR)
        answer = sign_in(alice).get(f"/uploads/{upload.pk}/").json()
        assert (answer["state"], answer["reason"]) == ("rejected", "store_failed")
        assert answer["message"].endswith("Send it again.")
        assert Usage.objects.get(owner=alice).bytes == 0
    assert_nothing_astray()


@pytest.mark.slow
def test_a_picture_whose_thumbnails_do_not_fit_is_ready_without_them(sent, faulty):
    upload = sent()
    with faulty.answering(*FULL, methods="PUT", keys=".webp"):
        for _ in range(12):
            run_until_idle()
            advance(HOUR)
    assert Run.objects.get(pk=upload.run_id).steps.get(key="thumbnails").status == "failed"
    upload.refresh_from_db()
    assert (upload.state, upload.thumbnails_at) == (State.READY, None)
    assert_sound()
    assert_nothing_astray()
    upload.recheck(by=upload.owner)
    run_until_idle()
    upload.refresh_from_db()
    assert upload.thumbnails_at
    assert_nothing_astray()


@pytest.mark.parametrize("fault", FAULTS, indirect=True)
def test_pages_that_show_files_ask_it_nothing(tiles, alice, sign_in, faulty, fault):
    attachment = attach(tiles, by=alice)
    client = sign_in(alice)
    faulty.asked.clear()
    with fault:
        for path in (tiles.get_absolute_url(), tiles.list.get_absolute_url(), f"/todos/{tiles.pk}/attachments/"):
            page = client.get(path, follow=True)
            assert page.status_code == 200
        assert f"/attachments/{attachment.pk}/" in page.content.decode()
        assert client.get(f"/attachments/{attachment.pk}/file/").status_code == 302
        assert faulty.asked == []


@pytest.mark.slow
@pytest.mark.parametrize("fault", [*FAULTS, "full"], indirect=True)
def test_a_plain_form_says_so_asks_once_and_keeps_nothing(tiles, alice, sign_in, faulty, fault):
    files = [SimpleUploadedFile(f"{number}.png", PNG, "image/png") for number in range(10)]
    client = sign_in(alice)
    with fault:
        began = time.monotonic()
        page = client.post(f"/todos/{tiles.pk}/attachments/", {"file": files}, follow=True)
        assert time.monotonic() - began < STALLS
        assert page.status_code == 200
        assert escape(AGAIN) in page.content.decode()
        assert Usage.objects.get(owner=alice).bytes == 0
        assert Upload.objects.count() == 1
        assert not Upload.objects.unfinished().exists()
    files[0].seek(0)
    page = client.post(f"/todos/{tiles.pk}/attachments/", {"file": files[0]}, follow=True)
    assert "The file is being checked." in page.content.decode()
    advance(HOUR)
    run_until_idle()
    assert Upload.objects.ready().count() == 1
    assert_sound()
    assert_nothing_astray()


@pytest.mark.parametrize("fault", [*FAULTS, "full"], indirect=True)
def test_readyz_names_it_in_time(fault):
    with fault:
        began = time.monotonic()
        answer = Client().get("/readyz")
        assert time.monotonic() - began < STALLS
        assert answer.status_code == 503
        assert answer.json()["parts"] | {"worker": ""} == {
            "database": "ok",
            "cache": "ok",
            "storage": "failed",
            "worker": "",
        }
    assert Client().get("/readyz").json()["parts"]["storage"] == "ok"
