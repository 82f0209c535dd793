"""Leaving while a check settles, on two connections: neither waits for the other in a ring, and the ledger is right."""

from collections.abc import Callable

import pytest
from django.db import transaction

from tests.at_once import at_once, during
from tests.uploads.conftest import PNG
from uploads import checking, leaving
from uploads.models import State, Upload, Usage

pytestmark = [pytest.mark.database, pytest.mark.django_db(transaction=True)]

STORED = {"stored_size": len(PNG) - 7, "sha256": "5" * 64, "width": 3, "height": 2}


@pytest.fixture
def on_their_way(arrive, alice) -> Callable[[int], list[Upload]]:
    """Return a function that gives Alice uploads that are being checked, in the order in which they are locked."""

    def make(number: int) -> list[Upload]:
        made = [arrive() for _number in range(number)]
        for upload in made:
            upload.complete(by=alice)
        return sorted(made, key=lambda upload: upload.pk)

    return make


def states(uploads: list[Upload]) -> list[str]:
    found = Upload.objects.in_bulk([upload.pk for upload in uploads])
    return [found[upload.pk].state for upload in uploads]


def assert_ledger(person, *, counted: int) -> None:
    assert Usage.objects.get(owner=person).bytes == Upload.objects.of(person).bytes_taken() == counted


@pytest.mark.slow
@pytest.mark.parametrize("held", [0, 1])
def test_a_check_that_settles_first_keeps_its_file(on_their_way, shelf, alice, held):
    """It has the upload and has not come to the ledger yet when Alice leaves."""
    uploads = on_their_way(2)
    left = during(
        uploads[held].lock,
        lambda: leaving.leave(alice),
        finish=lambda: checking.settle(uploads[held].pk, STORED),
    )
    assert left is None
    expected = [State.DELETED, State.DELETED]
    expected[held] = State.READY
    assert states(uploads) == expected
    assert [upload.pk for upload in shelf.attached] == [uploads[held].pk]
    assert_ledger(alice, counted=STORED["stored_size"])


@pytest.mark.slow
def test_a_check_that_comes_too_late_attaches_nothing(on_their_way, shelf, alice):
    uploads = on_their_way(2)
    settled = during(lambda: leaving.leave(alice), lambda: checking.settle(uploads[0].pk, STORED))
    assert settled == State.DELETED
    assert states(uploads) == [State.DELETED] * 2
    assert shelf.attached == []
    assert_ledger(alice, counted=0)


@pytest.mark.slow
def test_a_file_that_settles_meanwhile_is_judged_by_what_it_is_then(on_their_way, shelf, alice):
    """The purge read it as one on its way, and waits; what is attached by then is others' too."""
    uploads = on_their_way(2)
    last = during(
        uploads[1].lock,
        lambda: transaction.atomic(leaving.end_some)(alice.pk, after=None),
        finish=lambda: checking.settle(uploads[1].pk, STORED),
    )
    assert last == str(uploads[1].pk)
    assert states(uploads) == [State.DELETED, State.READY]
    assert_ledger(alice, counted=STORED["stored_size"])


@pytest.mark.slow
def test_all_at_once(on_their_way, shelf, alice):
    for _round in range(3):
        uploads = on_their_way(4)
        settling = [lambda pk=upload.pk: checking.settle(pk, STORED) for upload in reversed(uploads)]
        results = at_once(lambda: leaving.leave(alice), *settling)
        assert results == [None, *reversed(states(uploads))]
        assert {upload.pk for upload in shelf.attached} == set(
            Upload.objects.of(alice).ready().values_list("pk", flat=True)
        )
        assert_ledger(alice, counted=STORED["stored_size"] * len(shelf.attached))
