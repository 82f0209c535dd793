import pytest
from django.db import IntegrityError
from django.utils import timezone

from todos.models import Activity, Todo, Verb
from todos.refusals import Gone, InTheTrash

pytestmark = pytest.mark.database


def history(todo: Todo) -> list[str]:
    return list(todo.activities.order_by("pk").values_list("verb", flat=True))


def test_adding_is_in_the_history(tiles, alice):
    added = tiles.activities.get()
    assert (added.verb, added.actor, added.changes) == (Verb.ADDED, alice, {"text": [None, "Order tiles"]})
    assert added.list == tiles.list
    assert added.created_at == tiles.created_at


def test_completing_twice_is_completing_once(tiles, alice, bob):
    assert tiles.complete(by=bob)
    assert not tiles.complete(by=alice)
    tiles.refresh_from_db()
    assert tiles.completed_by == bob
    assert history(tiles) == [Verb.ADDED, Verb.COMPLETED]


def test_reopening_forgets_who_completed_it(tiles, bob):
    tiles.complete(by=bob)
    assert tiles.reopen(by=bob)
    assert not tiles.reopen(by=bob)
    tiles.refresh_from_db()
    assert (tiles.completed_at, tiles.completed_by) == (None, None)
    assert history(tiles) == [Verb.ADDED, Verb.COMPLETED, Verb.REOPENED]


def test_an_edit_writes_old_and_new_value(tiles, bob):
    assert tiles.edit(text="Order tiles, 4 m²", by=bob)
    edited = tiles.activities.newest_first()[0]
    assert edited.changes == {"text": ["Order tiles", "Order tiles, 4 m²"]}
    assert edited.sentence == "changed the text from “Order tiles” to “Order tiles, 4 m²”"


def test_an_edit_that_changes_nothing_writes_nothing(tiles, bob):
    before = tiles.updated_at
    assert not tiles.edit(text="Order tiles", notes="", by=bob)
    tiles.refresh_from_db()
    assert tiles.updated_at == before
    assert history(tiles) == [Verb.ADDED]


def test_an_edit_of_the_text_keeps_somebody_elses_notes(tiles, alice, bob):
    stale = Todo.objects.get(pk=tiles.pk)
    tiles.edit(notes="10 % spare", by=alice)
    assert stale.edit(text="Order the tiles", by=bob)
    tiles.refresh_from_db()
    assert (tiles.text, tiles.notes) == ("Order the tiles", "10 % spare")
    assert stale.activities.newest_first()[0].changes == {"text": ["Order tiles", "Order the tiles"]}


def test_a_stale_copy_sees_what_is_stored(tiles, alice, bob):
    stale = Todo.objects.get(pk=tiles.pk)
    tiles.edit(text="Order grout", by=alice)
    assert not stale.edit(text="Order grout", by=bob)


def test_the_trash_keeps_it_whole(tiles, bob):
    tiles.complete(by=bob)
    assert tiles.trash(by=bob)
    assert not tiles.trash(by=bob)
    assert not Todo.objects.live().exists()
    assert tiles.restore(by=bob)
    assert not tiles.restore(by=bob)
    tiles.refresh_from_db()
    assert tiles.completed_by == bob
    assert (tiles.trashed_at, tiles.trashed_by) == (None, None)
    assert history(tiles) == [Verb.ADDED, Verb.COMPLETED, Verb.TRASHED, Verb.RESTORED]


@pytest.mark.parametrize("verb", ["complete", "reopen", "edit", "move"])
def test_nothing_else_happens_to_it_in_the_trash(tiles, bob, verb):
    Todo.objects.get(pk=tiles.pk).trash(by=bob)
    with pytest.raises(InTheTrash):
        getattr(tiles, verb)(by=bob)
    assert history(tiles) == [Verb.ADDED, Verb.TRASHED]


def test_a_deleted_to_do_is_gone(tiles, bob):
    Todo.objects.filter(pk=tiles.pk).delete()
    with pytest.raises(Gone):
        tiles.complete(by=bob)


def test_a_verb_and_its_history_are_one(tiles, bob, monkeypatch):
    def fail(*args, **kwargs):
        raise RuntimeError

    monkeypatch.setattr("todos.models.activity.record", fail)
    with pytest.raises(RuntimeError):
        tiles.complete(by=bob)
    tiles.refresh_from_db()
    assert tiles.completed_at is None


@pytest.mark.parametrize(
    "broken",
    [
        {"text": ""},
        {"notes": "x" * 20_001},
        {"completed_at": None, "completed_by_id": 1},
        {"trashed_at": None, "trashed_by_id": 1},
    ],
)
def test_the_database_refuses_what_cannot_be(tiles, broken):
    broken = {name: tiles.created_by_id if name.endswith("_id") else value for name, value in broken.items()}
    with pytest.raises(IntegrityError):
        Todo.objects.filter(pk=tiles.pk).update(**broken)


def test_a_deleted_person_takes_nothing_along(tiles, bob, carol):
    tiles.complete(by=bob)
    bob.delete()
    tiles.refresh_from_db()
    assert tiles.completed_at <= timezone.now()
    assert tiles.completed_by is None
    assert history(tiles) == [Verb.ADDED, Verb.COMPLETED]


@pytest.mark.parametrize("verb", Verb.values)
def test_every_verb_has_a_sentence(flat, verb):
    assert Activity(list=flat, verb=verb).sentence if verb != Verb.EDITED else True
