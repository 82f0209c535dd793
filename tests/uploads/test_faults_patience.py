"""The real waiting times for a bucket that answers after ten seconds."""

import io
import time

import pytest
from django.test import Client

from tests.uploads.conftest import PNG, declare
from tests.uploads.soundness import assert_nothing_astray
from uploads.models import Upload
from uploads.stores import store
from workflows.testing import run_until_idle

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

LATE = 10
BOUND = 13  # seconds: two tries of five, a pause between them, and a busy machine


def test_nobody_waits_longer_than_promised(faulty, shelf, alice, sign_in):
    client = sign_in(alice)
    answer = declare(client).json()
    upload = Upload.objects.get()
    store().write(upload.incoming, io.BytesIO(PNG), type=upload.type)
    with faulty.late(LATE):
        for ask in (lambda: client.post(answer["complete"]), lambda: Client().get("/readyz")):
            began = time.monotonic()
            assert ask().status_code == 503
            assert LATE - 1 < time.monotonic() - began < BOUND
        with store().open(upload.incoming) as file:  # what a worker waits for, it waits for long enough
            assert file.read() == PNG
    assert client.post(answer["complete"]).status_code == 202
    run_until_idle()
    assert client.get(answer["status"]).json()["state"] == "ready"
    assert_nothing_astray()
