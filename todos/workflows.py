from collections import Counter

from todos import purging
from todos.models.trashable import TRASH_KEEPS
from workflows import engine

BATCH = 200
"""Rows deleted in one transaction: well below 100 ms of SQLite's one writer."""


@engine.workflow("empty trash")
def empty_trash(step: engine.Steps) -> dict[str, int]:
    """Delete what nobody restored in time; return how many rows of which model."""
    before = step.now() - TRASH_KEEPS
    deleted: Counter[str] = Counter()
    for purge in (purging.trashed_todos, purging.trashed_lists):
        while gone := step.transaction(purge.__name__.replace("_", " "), purge, before, limit=BATCH):
            deleted.update(gone)
            step.progress(deleted.total())
    return dict(deleted)


engine.schedule("empty trash", empty_trash, cron="37 3 * * *", missed="once")
