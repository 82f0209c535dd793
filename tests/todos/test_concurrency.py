"""Two connections at once, on whichever database the tests run on."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction

from accounts.leaving import purging
from accounts.models import User
from tests.at_once import at_once, during
from tests.todos.attachments.files import arrived, attach, picture
from todos.models import Activity, Attachment, Membership, Role, Todo, TodoList, Verb, positions
from todos.refusals import FullOfFiles, LastOwner, ListInTheTrash
from uploads import checking
from uploads.models import State, Upload, Usage
from workflows.testing import run_until_idle

pytestmark = [pytest.mark.database, pytest.mark.django_db(transaction=True)]


def test_completing_at_once_is_completing_once(tiles, alice, bob):
    copies = [(Todo.objects.get(pk=tiles.pk), person) for person in (alice, bob) * 2]
    results = at_once(*(lambda todo=todo, by=by: todo.complete(by=by) for todo, by in copies))
    assert sorted(results) == [False, False, False, True]
    assert tiles.activities.filter(verb=Verb.COMPLETED).count() == 1


def test_two_owners_who_leave_at_once_leave_one(flat, alice, bob):
    for _round in range(5):
        TodoList.objects.filter(pk=flat.pk).delete()
        flat = TodoList.create("Flat", by=alice)
        flat.add_member(bob, role=Role.OWNER, by=alice, tell=False)
        rows = list(Membership.objects.filter(list=flat).select_related("list", "user"))
        results = at_once(*(lambda row=row: row.remove(by=row.user) for row in rows))
        assert sorted(type(result).__name__ for result in results) == [LastOwner.__name__, "bool"]
        assert flat.memberships.owners().count() == 1


def test_leaving_and_stepping_down_at_once_leaves_an_owner(flat, alice, bob):
    flat.memberships.get(user=bob).change_role(Role.OWNER, by=alice)
    a, b = (Membership.objects.select_related("list", "user").get(list=flat, user=user) for user in (alice, bob))
    at_once(lambda: a.remove(by=alice), lambda: b.change_role(Role.READER, by=bob))
    assert flat.memberships.owners().count() == 1


def test_moves_at_once_lose_nothing_and_keep_an_order(flat, alice, bob):
    rows = [flat.add(str(number), by=alice) for number in range(6)]
    Todo.objects.filter(list=flat).update(position=0)  # no gap anywhere: every move spreads the list first
    first = rows[0].pk

    def moves(pk: int, by: Any) -> Callable[[], None]:
        def run() -> None:
            for _time in range(4):
                Todo.objects.get(pk=pk).move(after=first, by=by)
                Todo.objects.get(pk=pk).move(after=0, by=by)

        return run

    assert at_once(moves(rows[1].pk, alice), moves(rows[2].pk, bob), moves(rows[3].pk, bob)) == [None] * 3
    assert flat.todos.count() == 6
    assert len(set(flat.todos.values_list("position", flat=True))) == 6


def test_adding_at_once_gives_each_its_place(flat, alice, bob):
    copies = [TodoList.objects.get(pk=flat.pk) for _copy in range(4)]
    at_once(*(lambda row=row: [row.add("x", by=bob) for _time in range(5)] for row in copies))
    assert sorted(flat.todos.values_list("position", flat=True)) == [-positions.GAP * n for n in range(19, -1, -1)]


def test_moving_both_ways_between_two_lists_does_not_deadlock(flat, alice):
    garden = TodoList.create("Garden", by=alice)
    a, b = flat.add("a", by=alice), garden.add("b", by=alice)

    def swap(pk: int) -> Callable[[], None]:
        def run() -> None:
            for _time in range(6):
                todo = Todo.objects.get(pk=pk)
                todo.move(to=garden if todo.list_id == flat.pk else flat, by=alice)

        return run

    assert at_once(swap(a.pk), swap(b.pk)) == [None, None]
    assert Todo.objects.count() == 2


def test_completing_and_moving_at_once_do_both(flat, alice, bob):
    garden = TodoList.create("Garden", by=alice)
    for number in range(5):
        todo = flat.add(str(number), by=alice)
        one, two = (Todo.objects.select_related("list").get(pk=todo.pk) for _copy in range(2))
        results = at_once(lambda one=one: one.complete(by=bob), lambda two=two: two.move(to=garden, by=alice))
        assert not [result for result in results if isinstance(result, Exception)]
        todo.refresh_from_db()
        assert todo.completed_at
        assert todo.list == garden


def test_edits_of_text_and_notes_at_once_keep_both(tiles, alice, bob):
    one, two = (Todo.objects.get(pk=tiles.pk) for _copy in range(2))
    assert at_once(lambda: one.edit(text="New", by=alice), lambda: two.edit(notes="More", by=bob)) == [True, True]
    tiles.refresh_from_db()
    assert (tiles.text, tiles.notes) == ("New", "More")


def test_adding_a_member_at_once_adds_and_tells_once(flat, alice, bob, mallory, mailoutbox):
    copies = [TodoList.objects.get(pk=flat.pk) for _copy in range(3)]
    results = at_once(*(lambda row=row: row.add_member(mallory, role=Role.READER, by=alice) for row in copies))
    assert sorted(results) == [False, False, True]
    run_until_idle()
    assert [mail.to for mail in mailoutbox] == [[mallory.email]]
    assert Activity.objects.filter(verb=Verb.MEMBER_ADDED, changes__user=[None, mallory.pk]).count() == 1


def test_files_that_are_ready_at_once_never_exceed_the_bound(tiles, alice, bob, monkeypatch):
    monkeypatch.setattr("todos.models.attachment.MOST_FILES", 2)
    uploads = [arrived(tiles, picture(), by=person) for person in (alice, bob) * 2]
    stored = {"stored_size": 9, "sha256": "x", "width": 1, "height": 1}
    at_once(*(lambda upload=upload: upload.settle_ready(stored=stored) for upload in uploads))
    assert Attachment.objects.live().filter(todo=tiles).count() == 2
    assert sorted((upload.state, upload.reason) for upload in Upload.objects.all()) == [
        *[(State.READY, "")] * 2,
        *[(State.REJECTED, "full")] * 2,
    ]
    assert [usage.bytes for usage in Usage.objects.all()] == [
        Upload.objects.of(usage.owner).bytes_taken() for usage in Usage.objects.all()
    ]


def test_a_file_that_comes_and_one_that_comes_back_at_once_never_exceed_the_bound(tiles, alice, bob, monkeypatch):
    monkeypatch.setattr("todos.models.attachment.MOST_FILES", 1)
    removed = attach(tiles, by=alice)
    removed.trash(by=alice)
    upload = arrived(tiles, picture(), by=bob)
    stored = {"stored_size": 9, "sha256": "x", "width": 1, "height": 1}
    results = at_once(lambda: removed.restore(by=alice), lambda: upload.settle_ready(stored=stored))
    upload.refresh_from_db()
    assert (isinstance(results[0], FullOfFiles), upload.state) in [(True, State.READY), (False, State.REJECTED)]
    assert Attachment.objects.live().filter(todo=tiles).count() == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    "verb",
    [
        lambda late, alice: late.add("x", by=alice),
        lambda late, alice: late.rename("x", by=alice),
        lambda late, alice: late.add_member(User.objects.get(name="Mallory"), role=Role.READER, by=alice),
    ],
)
def test_nothing_lands_in_a_list_that_goes_to_the_trash(flat, alice, mallory, verb):
    late = TodoList.objects.get(pk=flat.pk)
    assert isinstance(during(lambda: flat.trash(by=alice), lambda: verb(late, alice)), ListInTheTrash)
    assert Activity.objects.newest_first()[0].verb == Verb.LIST_TRASHED


def test_who_loses_the_role_meanwhile_adds_nothing(flat, alice, bob, sign_in):
    client, url = sign_in(bob), flat.get_absolute_url()
    membership = flat.memberships.get(user=bob)
    late = during(
        lambda: membership.change_role(Role.READER, by=alice),
        lambda: client.post(url, {"text": "x"}).status_code,
    )
    assert late == 403
    assert not flat.todos.exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("edit/", {"name": "Mine"}),
        ("trash/", {}),
        ("members/", {"email": "mallory@example.com", "role": "owner"}),
        ("members/{carol}/role/", {"role": "owner"}),
        ("members/{carol}/remove/", {}),
    ],
)
def test_who_is_no_owner_any_more_changes_no_list(flat, alice, bob, carol, mallory, sign_in, path, fields):
    membership = flat.memberships.get(user=bob)
    membership.change_role(Role.OWNER, by=alice)
    client, url = sign_in(bob), flat.get_absolute_url() + path.format(carol=flat.memberships.get(user=carol).pk)
    late = during(lambda: membership.change_role(Role.EDITOR, by=alice), lambda: client.post(url, fields).status_code)
    assert late == 403
    assert Activity.objects.newest_first()[0].verb == Verb.MEMBER_ROLE_CHANGED


def test_a_person_who_goes_while_their_file_is_checked(tiles, alice, bob):
    """The check has the upload and needs the to-do; who ends Bob's access has the list and needs the upload."""
    upload = arrived(tiles, picture(), by=bob)
    stored = {"stored_size": upload.size - 7, "sha256": "5" * 64, "width": 3, "height": 2}
    gone = during(
        upload.lock,
        lambda: transaction.atomic(purging.end_access)(User.objects.get(pk=bob.pk)),
        finish=lambda: checking.settle(upload.pk, stored),
    )
    assert gone is None
    assert not Membership.objects.of(bob).exists()
    assert Attachment.objects.get().upload == upload
    assert Usage.objects.get(owner=bob).bytes == stored["stored_size"]
