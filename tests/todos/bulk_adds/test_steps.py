"""The workflow of a bulk add: rights that end, lists that are renumbered, texts that are forgotten."""

from datetime import timedelta
from itertools import pairwise

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import IntegrityError
from django.utils import timezone

from tests.todos.bulk_adds.making import GOOD, assert_exact, confirm, interrupted, text
from todos.bulk_adds import steps
from todos.models import BulkAdd, Role, Todo, TodoList, positions
from todos.models.bulkadd import Ending, State
from workflows import engine
from workflows.models import Run
from workflows.testing import advance, run_until_idle
from workflows.transitions.guarding import LEASE

pytestmark = [pytest.mark.database, pytest.mark.django_db, pytest.mark.usefixtures("small_batches")]


def test_the_order_of_lines_is_the_order_in_the_list_on_top(flat, bulk_add, alice, texts):
    flat.add("before", by=alice)
    assert_exact(confirm(bulk_add, by=alice))
    flat.add("after", by=alice)
    assert texts(flat) == ["after", *GOOD, "before"]
    found = list(bulk_add.todos.order_by("position").values_list("position", flat=True))
    assert {later - earlier for earlier, later in pairwise(found)} == {positions.GAP}


@pytest.mark.parametrize(
    ("change", "ending"),
    [
        (lambda bob: bob.list.trash(by=bob.list.created_by), Ending.LIST_TRASHED),
        (lambda bob: bob.remove(by=bob.list.created_by), Ending.NO_RIGHT),
        (lambda bob: bob.change_role(Role.READER, by=bob.list.created_by), Ending.NO_RIGHT),
        (lambda bob: bob.user.ban(), Ending.NO_RIGHT),
        (lambda bob: bob.user.delete(), Ending.NO_RIGHT),
    ],
)
def test_a_right_that_ended_ends_it_with_a_reason(flat, alice, bob, sign_in, change, ending):
    bulk_add = interrupted(BulkAdd.create(flat, text(), by=alice), by=bob)
    change(flat.memberships.get(user=bob))
    advance(LEASE)
    run_until_idle()
    bulk_add.refresh_from_db()
    assert (bulk_add.state, bulk_add.ending) == (State.ENDED, ending)
    assert (bulk_add.lines, bulk_add.added, bulk_add.skipped, bulk_add.failed) == (31, 10, 8, 13)
    assert flat.todos.count() == 10
    flat.refresh_from_db()
    flat.restore(by=alice)
    client = sign_in(alice)
    assert "31 = 10 added + 8 skipped + 13 failed" in client.get(bulk_add.get_absolute_url()).text
    report = b"".join(client.get(f"{bulk_add.get_absolute_url()}report/").streaming_content).decode().splitlines()
    assert len(report) == 32
    assert sum(",added," in line for line in report) == 10
    assert sum(",skipped," in line for line in report) == 8
    assert sum(",failed," in line and "not added" in line for line in report) == 13
    bulk_add.undo(by=alice)
    run_until_idle()
    assert not Todo.objects.live().exists()


def test_a_deleted_list_ends_it_quietly(flat, bulk_add, alice):
    interrupted(bulk_add, by=alice)
    flat.delete()
    advance(LEASE)
    run_until_idle()
    assert Run.objects.get().status == "succeeded"
    assert not Todo.objects.exists()


def test_a_list_that_is_renumbered_meanwhile_keeps_the_order(flat, bulk_add, alice, texts):
    old = flat.add("old", by=alice)
    interrupted(bulk_add, by=alice)
    positions.spread(flat.pk)
    advance(LEASE)
    run_until_idle()
    assert_exact(bulk_add)
    assert texts(flat) == [*GOOD, "old"]
    assert old


def test_what_others_add_meanwhile_goes_on_top(flat, bulk_add, alice, bob, texts):
    interrupted(bulk_add, by=alice)
    flat.add("Bob's", by=bob)
    advance(LEASE)
    run_until_idle()
    assert texts(flat) == ["Bob's", *GOOD]


def test_two_at_once_do_not_mix(flat, bulk_add, alice, bob, texts):
    flat.add("old", by=alice)
    interrupted(bulk_add, by=alice)
    other = BulkAdd.create(flat, ContentFile(b"\n".join(b"B%d" % n for n in range(12))), by=bob)
    run_until_idle()
    other.confirm(by=bob)
    advance(LEASE)
    run_until_idle()
    assert_exact(bulk_add)
    assert texts(flat) == [*(f"B{n}" for n in range(12)), *GOOD, "old"]


def test_a_full_gap_makes_room(flat, alice, texts):
    last = flat.add("last", by=alice)
    first = flat.add("first", by=alice)
    flat.todos.filter(pk=first.pk).update(position=last.position - 1)
    first.refresh_from_db()
    start, gap = positions.block(1000, behind=first, todos=flat.todos.all())
    last.refresh_from_db()
    assert first.position < start
    assert start + 999 * gap < last.position


def test_nobody_confirms(flat, bulk_add, alice):
    run_until_idle()
    advance(timedelta(days=7))
    run_until_idle()
    bulk_add.refresh_from_db()
    assert (bulk_add.ending, bulk_add.failed, bulk_add.added) == (Ending.EXPIRED, 23, 0)


def test_an_error_is_for_operators_who_have_it_go_on(flat, bulk_add, alice, sign_in, monkeypatch):
    run_until_idle()
    bulk_add.confirm(by=alice)

    def broken(*_args):
        raise engine.NonRetryable("the disk is full")

    add_part = steps.add_part
    monkeypatch.setattr(steps, "add_part", broken)
    run_until_idle()
    page = sign_in(alice).get(bulk_add.get_absolute_url())
    assert "An error stopped this" in page.text
    assert not page.context["live"]
    monkeypatch.setattr(steps, "add_part", add_part)
    engine.retry(bulk_add.run_id)
    run_until_idle()
    assert_exact(bulk_add)


def test_what_failed_can_be_undone_for_good(flat, bulk_add, alice):
    interrupted(bulk_add, by=alice)
    engine.cancel(bulk_add.run_id)
    bulk_add.undo(by=alice)
    run_until_idle()
    bulk_add.refresh_from_db()
    assert (bulk_add.ending, bulk_add.added, bulk_add.failed, bulk_add.undone) == (Ending.GAVE_UP, 10, 13, 10)


def test_a_text_that_changed_is_not_added(flat, bulk_add, alice):
    run_until_idle()
    default_storage.delete(bulk_add.source)
    default_storage.save(bulk_add.source, ContentFile(b"Other\n" * 40))
    bulk_add.confirm(by=alice)
    run_until_idle()
    assert Run.objects.get().status == "failed"
    assert not Todo.objects.exists()


def test_a_text_that_is_gone_is_told(bulk_add):
    default_storage.delete(bulk_add.source)
    run_until_idle()
    bulk_add.refresh_from_db()
    assert bulk_add.ending == Ending.FILE_GONE


def test_undo_takes_what_was_moved_where_its_undoer_may_write(flat, bulk_add, alice, mallory):
    confirm(bulk_add, by=alice)
    own = TodoList.create("Alice's own", by=alice)
    foreign = TodoList.create("Mallory's", by=mallory)
    foreign.add_member(alice, role=Role.EDITOR, by=mallory, tell=False)
    for text_, target in (("To-do 1", own), ("To-do 2", foreign)):
        bulk_add.todos.get(text=text_).move(by=alice, to=target)
    foreign.memberships.get(user=alice).remove(by=mallory)
    bulk_add.undo(by=alice)
    run_until_idle()
    bulk_add.refresh_from_db()
    assert bulk_add.undone == 22
    assert Todo.objects.live().get().text == "To-do 2"


def test_lines_always_add_up(bulk_add, alice):
    confirm(bulk_add, by=alice)
    with pytest.raises(IntegrityError):
        BulkAdd.objects.update(added=22)


def test_stored_texts_are_forgotten_after_a_week_and_lost_ones_after_a_day(flat, bulk_add, alice, sign_in):
    confirm(bulk_add, by=alice)
    waiting = BulkAdd.create(flat, text(), by=alice)
    lost = default_storage.save("bulk-adds/lost.txt", ContentFile(b"x"))
    engine.start("forget-bulk-adds", {})
    run_until_idle()
    assert default_storage.exists(bulk_add.source)
    assert default_storage.exists(lost)
    BulkAdd.objects.filter(pk=bulk_add.pk).update(finished_at=timezone.now() - timedelta(days=8))
    assert steps.forget(timezone.now() - timedelta(days=7), limit=100) == 1
    assert steps.sweep(timezone.now() + timedelta(days=1)) >= 1
    assert not default_storage.exists(bulk_add.source)
    assert not default_storage.exists(lost)
    assert default_storage.exists(waiting.source)
    bulk_add.refresh_from_db()
    assert (bulk_add.source, bulk_add.added) == ("", 23)
    assert not bulk_add.skipped_lines.exists()
    page = sign_in(alice).get(bulk_add.get_absolute_url())
    assert page.status_code == 200
    assert not page.context["has_report"]
