"""A check whose worker is killed, anywhere."""

import pytest

from tests.uploads.conftest import PNG, keys
from uploads.models import Usage
from uploads.stores import store
from uploads.stores.local import LocalStore
from workflows.testing import advance, crash_at, run_until_idle
from workflows.transitions.guarding import LEASE

pytestmark = [pytest.mark.database, pytest.mark.django_db]

STEPS = 5
POINTS = [
    (point, at)
    for point in ("steps.start.after", "step.code.after", "steps.succeed.before", "steps.succeed.after")
    for at in range(1, STEPS + 1)
]


def assert_exact(upload, shelf, alice) -> None:
    upload.refresh_from_db()
    assert upload.state == "ready"
    assert {attached.pk for attached in shelf.attached} == {upload.pk}
    assert keys() == sorted([upload.file, upload.large, upload.small])
    with store().open(upload.file) as file:
        assert file.read() == PNG
    assert Usage.objects.get(owner=alice).bytes == upload.stored_size == len(PNG)


@pytest.mark.slow
@pytest.mark.parametrize(("point", "at"), POINTS)
def test_a_crash_anywhere_loses_and_doubles_nothing(arrive, shelf, alice, point, at):
    upload = arrive()
    upload.complete(by=alice)
    survived = False
    with crash_at(point, at=at):
        run_until_idle()
        survived = True
    assert not survived or at == STEPS  # a transaction has no code.after
    advance(LEASE)
    run_until_idle()
    assert_exact(upload, shelf, alice)


@pytest.mark.parametrize("at", [1, 2, 3])
def test_five_crashes_in_a_row(arrive, shelf, alice, at):
    upload = arrive()
    upload.complete(by=alice)
    for _ in range(5):
        with crash_at("step.code.after", at=at):
            run_until_idle()
        advance(LEASE)
    run_until_idle()
    assert_exact(upload, shelf, alice)


@pytest.mark.parametrize("point", ["step.code.after", "steps.succeed.before", "steps.succeed.after"])
@pytest.mark.parametrize("at", [1, 2, 3, 4])
def test_a_rejection_survives_crashes(arrive, shelf, alice, point, at):
    upload = arrive(b"<html>")
    upload.complete(by=alice)
    with crash_at(point, at=at):
        run_until_idle()
    advance(LEASE)
    run_until_idle()
    upload.refresh_from_db()
    assert upload.state == "rejected"
    assert keys() == []
    assert Usage.objects.get(owner=alice).bytes == 0


def test_a_file_that_kills_its_readers_is_rejected(arrive, alice):
    upload = arrive()
    upload.complete(by=alice)
    for at in [2, *[1] * 10]:
        with crash_at("step.code.after", at=at):
            run_until_idle()
        advance(LEASE)
    run_until_idle()
    upload.refresh_from_db()
    assert (upload.state, upload.reason) == ("rejected", "too_complex")
    assert keys() == []


def test_a_killed_upload_leaves_what_the_next_night_finds(begin, folder, alice):
    upload = begin()

    def cut():
        yield PNG[:10]
        raise SystemExit

    with pytest.raises(SystemExit):
        LocalStore().receive(upload.incoming, cut(), size=len(PNG))
    assert store().head(upload.incoming) is None
