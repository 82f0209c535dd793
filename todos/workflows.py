from collections import Counter

from accounts.purging import register
from todos import purging
from todos.models.trashable import TRASH_KEEPS
from workflows import engine

BATCH = 200
"""Rows written in one transaction; to-dos, the slowest, take some 15 ms of SQLite's one writer."""


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


def purge_person(step: engine.Steps, person_id: int) -> None:
    """Delete the lists that only the person has, and their name where others keep the history."""
    while step.transaction("todos: own lists", purging.own_lists, person_id, limit=BATCH):
        pass
    naming = step.do("todos: find their name", purging.history_naming, person_id)
    step.map("todos: take their name", purging.take_names, naming, batch=BATCH, in_transaction=True)


register("todos", leave=purging.leave, purge=purge_person)
