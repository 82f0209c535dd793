"""Workflows of to-dos: emptying the trash, purging a person, adding many lines at once and undoing that."""

from collections import Counter
from contextlib import suppress
from datetime import timedelta

from todos.bulk_adds import steps
from todos.models.bulkadd import DECIDED
from todos.models.trashable import TRASH_KEEPS
from todos.people import purging
from todos.trash import emptying
from workflows import engine

BATCH = 200
"""Rows written in one transaction; to-dos, the slowest, take about 15 ms of SQLite's one writer."""
PARTS = 2400
"""Transactions of one kind in one run, which may have 10,000 steps."""
_PURGES = {  # steps by name, as runs have stored them
    "trashed attachments": emptying.trashed_attachments,
    "lost attachments": emptying.lost_attachments,
    "trashed todos": emptying.trashed_todos,
    "trashed lists": emptying.trashed_lists,
}
DECIDE_WITHIN = timedelta(days=7)
SWEEP_AFTER = timedelta(days=1)
"""An upload is stored before its row is; younger files may still get theirs."""


@engine.workflow("empty trash")
def empty_trash(step: engine.Steps) -> dict[str, int]:
    """Delete everything that nobody restored in time; return how many rows of which model."""
    before = step.now() - TRASH_KEEPS
    deleted: Counter[str] = Counter()
    for name, purge in _PURGES.items():
        for _part in range(PARTS):  # what is beyond waits for the next night
            gone = step.transaction(name, purge, before, limit=BATCH)
            if not gone:
                break
            deleted.update(gone)
            step.progress(deleted.total())
    return dict(deleted)


engine.schedule("empty trash", empty_trash, cron="37 3 * * *", missed="once")


@engine.workflow("delete own lists")
def delete_own_lists(step: engine.Steps, *, person_id: int) -> bool:
    """Delete lists that only the person has, as much as fits into one run; return whether something may be left."""
    return all(step.transaction("rows", purging.own_lists, person_id, limit=BATCH) for _part in range(PARTS))


def purge_person(step: engine.Steps, person_id: int) -> None:
    """Delete the lists that only the person has, and their name where others keep the history."""
    while step.child("todos: own lists", delete_own_lists, person_id=person_id):
        pass
    naming = step.do("todos: find their name", purging.history_naming, person_id)
    step.map("todos: take their name", purging.take_names, naming, batch=BATCH, in_transaction=True)


@engine.workflow("bulk-add")
def bulk_add(step: engine.Steps, *, bulk_add_id: int) -> None:
    """Check the lines, wait for a person, add them. The row holds the decision; the event only wakes the run."""
    with steps.open_source(bulk_add_id) as source:
        found = step.do("check", steps.check, bulk_add_id, source)
        if not step.transaction("record", steps.record, bulk_add_id, found):
            return
        with suppress(engine.WaitTimedOut):  # `decide` notes it, unless somebody confirmed at the last moment
            step.wait_for_event("decision", DECIDED, timeout=DECIDE_WITHIN)
        if not step.transaction("decide", steps.decide, bulk_add_id):
            return
        for part in found["parts"]:
            if not step.transaction("add", steps.add_part, bulk_add_id, part, source):
                return
            step.progress(part[3], found["lines"])
        step.transaction("finish", steps.finish, bulk_add_id)


@engine.workflow("bulk-add-undo")
def bulk_add_undo(step: engine.Steps, *, bulk_add_id: int) -> None:
    after: int | None = 0
    while after is not None:
        after = step.transaction("trash", steps.trash_some, bulk_add_id, after=after)
    step.transaction("end", steps.end_undo, bulk_add_id)


@engine.workflow("forget-bulk-adds")
def forget_bulk_adds(step: engine.Steps) -> int:
    """Delete the stored texts of bulk adds that ended a week ago; return how many."""
    now = step.now()
    forgotten = 0
    while count := step.do("forget", steps.forget, now - steps.KEEP_SOURCE, limit=100):
        forgotten += count
    swept: int = step.do("sweep", steps.sweep, now - SWEEP_AFTER)
    return forgotten + swept


engine.schedule("forget-bulk-adds", forget_bulk_adds, cron="37 3 * * *", missed="once")
