import pytest
from django.db import IntegrityError

from project.lib.refusals import Refused
from todos.models import Activity, Membership, Role, Todo, TodoList, Verb
from todos.models.todolist import Summary
from todos.refusals import LastOwner

pytestmark = pytest.mark.database


def test_who_creates_a_list_owns_it(flat, alice):
    assert flat.created_by == alice
    assert flat.memberships.get(user=alice).role == Role.OWNER
    assert flat.activities.order_by("pk")[0].changes == {"name": [None, "Flat renovation"]}


def test_renaming(flat, alice):
    assert flat.rename("Flat", by=alice)
    assert not flat.rename("Flat", by=alice)
    renamed = flat.activities.newest_first()[0]
    assert renamed.sentence == "renamed the list from “Flat renovation” to “Flat”"


def test_trash_and_restore(flat, tiles, alice, bob):
    assert flat.trash(by=alice)
    assert not flat.trash(by=alice)
    assert not TodoList.objects.visible_to(bob).exists()
    assert not Todo.objects.visible_to(bob).exists()
    assert TodoList.objects.restorable_by(alice).get() == flat
    assert not TodoList.objects.restorable_by(bob).exists()
    assert flat.restore(by=alice)
    assert not flat.restore(by=alice)
    assert Todo.objects.visible_to(bob).get() == tiles


def test_adding_a_member(flat, alice, mallory):
    assert flat.add_member(mallory, role=Role.EDITOR, by=alice)
    assert not flat.add_member(mallory, role=Role.READER, by=alice)
    assert flat.memberships.get(user=mallory).role == Role.EDITOR
    assert flat.activities.newest_first()[0].sentence == "added Mallory as editor"


def test_changing_a_role(flat, alice, bob):
    membership = flat.memberships.get(user=bob)
    assert membership.change_role(Role.OWNER, by=alice)
    assert not membership.change_role(Role.OWNER, by=alice)
    changed = flat.activities.newest_first()[0]
    assert changed.changes["role"] == ["editor", "owner"]
    assert changed.sentence == "changed the role of Bob from editor to owner"


def test_a_list_keeps_an_owner(flat, alice, bob):
    alone = flat.memberships.get(user=alice)
    for verb in (lambda: alone.remove(by=alice), lambda: alone.change_role(Role.READER, by=alice)):
        with pytest.raises(LastOwner):
            verb()
    flat.memberships.get(user=bob).change_role(Role.OWNER, by=alice)
    assert alone.remove(by=alice)
    assert not alone.remove(by=alice)
    assert flat.memberships.owners().get().user == bob


def test_leaving_and_being_removed_are_told_apart(flat, alice, bob, carol):
    flat.memberships.get(user=bob).remove(by=bob)
    flat.memberships.get(user=carol).remove(by=alice)
    verbs = flat.activities.newest_first().values_list("verb", flat=True)[:2]
    assert list(verbs) == [Verb.MEMBER_REMOVED, Verb.MEMBER_LEFT]


def test_counts(flat, alice, bob):
    for text in "abc":
        flat.add(text, by=alice)
    flat.todos.get(text="a").complete(by=bob)
    flat.todos.get(text="b").trash(by=bob)
    assert flat.summary() == Summary(open=1, completed=1, members=3)
    listed = TodoList.objects.for_lists_page(carol_of(flat)).get()
    assert (listed.open_count, listed.member_count, listed.role) == (1, 3, Role.READER)


def test_a_stranger_sees_nothing(flat, tiles, mallory):
    assert not TodoList.objects.of(mallory).exists()
    assert not Todo.objects.visible_to(mallory).exists()
    assert not Todo.objects.restorable_by(mallory).exists()


def test_a_deleted_person_leaves_their_lists(flat, tiles, alice, bob):
    flat.memberships.get(user=bob).change_role(Role.OWNER, by=alice)
    alice.delete()
    flat.refresh_from_db()
    assert flat.created_by is None
    assert flat.memberships.owners().get().user == bob
    assert Todo.objects.filter(pk=tiles.pk).exists()
    assert Activity.objects.filter(actor=None).exists()


def test_the_only_owner_of_a_shared_list_stays(flat, alice, bob):
    with pytest.raises(Refused, match="no other owner"):
        alice.delete()
    assert flat.memberships.owners().get().user == alice
    assert bob.delete()


def test_a_list_of_ones_own_does_not_keep_anybody(alice):
    lone = TodoList.create("Lone", by=alice)
    alice.delete()
    assert TodoList.objects.without_owner().get() == lone


def test_the_database_refuses_a_second_membership_and_an_unknown_role(flat, alice):
    with pytest.raises(IntegrityError):
        Membership.objects.filter(list=flat, user=alice).update(role="king")


def carol_of(flat: TodoList):
    return flat.memberships.get(role=Role.READER).user
