"""A bulk add whose worker is killed, anywhere."""

import pytest

from tests.todos.bulk_adds.making import assert_exact, confirm
from todos.models import Activity, Todo, Verb
from todos.models.bulkadd import State
from workflows.testing import advance, crash_at, run_until_idle
from workflows.transitions.guarding import LEASE

pytestmark = [pytest.mark.database, pytest.mark.django_db, pytest.mark.usefixtures("small_batches")]


POINTS = [
    *(
        (point, at)
        for point in ("steps.start.before", "steps.start.after", "step.code.after")
        for at in (1, 2, 4, 6, 8)
    ),
    *((point, at) for point in ("steps.succeed.before", "steps.succeed.after") for at in (1, 2, 3, 5, 9)),
    *((point, 1) for point in ("steps.wait_for_event.inside", "runs.suspend.after", "runs.succeed.before")),
    *((point, at) for point in ("runs.set_progress.before", "runs.claim.after") for at in (1, 2)),
]


@pytest.mark.parametrize(
    ("point", "at"),
    [passage if passage[1] in {1, 4} else pytest.param(*passage, marks=pytest.mark.slow) for passage in POINTS],
)
def test_a_crash_anywhere_loses_and_doubles_nothing(flat, bulk_add, alice, point, at):
    crashed = False
    with crash_at(point, at=at):
        confirm(bulk_add, by=alice)
        crashed = True
    assert not crashed
    advance(LEASE)
    run_until_idle()
    bulk_add.refresh_from_db()
    if not bulk_add.confirmed_at:
        confirm(bulk_add, by=alice)
    assert_exact(bulk_add)
    assert flat.todos.count() == 23


@pytest.mark.slow
@pytest.mark.parametrize("at", [1, 2, 3])
def test_five_crashes_in_a_row(bulk_add, alice, at):
    run_until_idle()
    bulk_add.confirm(by=alice)
    for _ in range(5):
        with crash_at("step.code.after", at=at):
            run_until_idle()
        advance(LEASE)
    run_until_idle()
    assert_exact(bulk_add)


@pytest.mark.slow
@pytest.mark.parametrize("point", ["steps.succeed.before", "steps.succeed.after", "runs.succeed.before"])
@pytest.mark.parametrize("at", [1, 2])
def test_undoing_survives_crashes(flat, bulk_add, alice, point, at):
    confirm(bulk_add, by=alice)
    flat.add("mine", by=alice)
    bulk_add.undo(by=alice)
    with crash_at(point, at=at):
        run_until_idle()
    advance(LEASE)
    run_until_idle()
    bulk_add.refresh_from_db()
    assert (bulk_add.state, bulk_add.undone) == (State.UNDONE, 23)
    assert Activity.objects.filter(verb=Verb.TRASHED).count() == 23
    assert Todo.objects.live().get().text == "mine"
