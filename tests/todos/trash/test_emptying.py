"""The nightly schedule that empties the trash."""

from datetime import timedelta

import pytest
from django.utils import timezone

from todos import workflows as cleaning
from todos.models import Activity, Todo, TodoList
from todos.models.trashable import TRASH_KEEPS
from todos.refusals import TrashedTooLong
from todos.trash import emptying
from workflows import engine
from workflows.core import codec
from workflows.core.definitions import get_schedule
from workflows.models import Run
from workflows.testing import POINTS, advance, crash_at, run_until_idle

pytestmark = pytest.mark.database

OLD = TRASH_KEEPS + timedelta(minutes=1)


def age(row, by: timedelta = OLD) -> None:
    type(row).objects.filter(pk=row.pk).update(trashed_at=timezone.now() - by)


def clean() -> dict[str, int]:
    run = engine.start(cleaning.empty_trash, {})
    run_until_idle()
    run.refresh_from_db()
    assert run.status == "succeeded", run.error
    return codec.decode(run.output or "")


def test_what_is_in_the_trash_for_thirty_days_is_deleted(flat, tiles, alice):
    paint, kept = flat.add("Paint", by=alice), flat.add("Kept", by=alice)
    for todo in (tiles, paint):
        todo.trash(by=alice)
    age(tiles)
    age(paint, TRASH_KEEPS - timedelta(minutes=1))
    assert clean() == {"todos.Todo": 1, "todos.Activity": 2}
    assert set(Todo.objects.all()) == {paint, kept}
    assert clean() == {}


def test_a_list_goes_with_everything_in_it(flat, tiles, alice):
    other = TodoList.create("Other", by=alice)
    flat.trash(by=alice)
    age(flat)
    deleted = clean()
    assert (deleted["todos.TodoList"], deleted["todos.Todo"], deleted["todos.Membership"]) == (1, 1, 3)
    assert list(TodoList.objects.all()) == [other]
    assert not Activity.objects.exclude(list=other).exists()


def test_each_transaction_is_bounded(flat, alice, monkeypatch):
    monkeypatch.setattr(cleaning, "BATCH", 3)
    for number in range(5):
        todo = flat.add(f"To-do {number}", by=alice)
        todo.edit(text="new", by=alice)
        todo.trash(by=alice)
        age(todo)
    assert clean() == {"todos.Activity": 15, "todos.Todo": 5}
    run = Run.objects.get()
    sizes = [codec.decode(text) for text in run.steps.filter(kind="transaction").values_list("result", flat=True)]
    assert max(sum(size.values()) for size in sizes) == 3
    assert run.progress_done == 20


def test_what_is_due_for_deletion_cannot_be_restored(flat, tiles, alice, sign_in):
    tiles.trash(by=alice)
    age(tiles)
    with pytest.raises(TrashedTooLong):
        tiles.restore(by=alice)
    flat.trash(by=alice)
    age(flat)
    with pytest.raises(TrashedTooLong):
        flat.restore(by=alice)
    page = sign_in(alice).post(f"/lists/{flat.pk}/restore/", follow=True)
    assert page.status_code == 200
    assert "more than 30 days" in page.content.decode()
    assert TodoList.objects.get().trashed_at


def test_the_trash_says_how_long_it_keeps(alice, sign_in):
    assert f"{TRASH_KEEPS.days} days" in sign_in(alice).get("/trash/").content.decode()
    assert f"{TRASH_KEEPS.days} days" in str(TrashedTooLong())


@pytest.mark.parametrize(
    "point", ["step.code.after", "steps.succeed.before", "steps.succeed.after", "steps.start.after"]
)
def test_a_killed_worker_changes_nothing_of_the_end(flat, tiles, alice, point, monkeypatch):
    assert point in POINTS
    monkeypatch.setattr(cleaning, "BATCH", 1)
    flat.trash(by=alice)
    age(flat)
    run = engine.start(cleaning.empty_trash, {})
    with crash_at(point, at=4):
        run_until_idle()
    advance(timedelta(seconds=10))
    run_until_idle()
    run.refresh_from_db()
    assert codec.decode(run.output)["todos.TodoList"] == 1
    assert not TodoList.objects.exists()


def test_it_runs_each_night():
    assert get_schedule("empty trash").cron == "37 3 * * *"


def test_only_the_trash_is_read(flat):
    found = Todo.objects.trashed().filter(trashed_at__lte=timezone.now()).order_by("trashed_at")
    assert "todos_todo_trash" in found.explain() or "Seq Scan" in found.explain()
    assert emptying.trashed_todos(timezone.now(), limit=1) == {}
