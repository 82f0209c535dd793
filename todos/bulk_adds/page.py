"""What the page and the report of a bulk add show."""

from collections.abc import Iterator
from typing import Any

from django.core.paginator import Paginator
from django.utils.translation import gettext as _

from todos.models import BulkAdd
from todos.models.bulkadd import Ending, State
from todos.web.paging import PAGE_SIZE
from workflows.models import Run, RunStatus, Worker

_AT_WORK = (State.CHECKING, State.ADDING, State.UNDOING)


def page_context(bulk_add: BulkAdd, *, page: int) -> dict[str, Any]:
    state = bulk_add.state
    at_work = state in _AT_WORK
    run = bulk_add.run() if at_work else None
    obstacle = _obstacle(run) if at_work else ""
    halted = at_work and (_is_over(run) or run is None or run.status == RunStatus.PAUSED)
    context = {
        "bulk_add": bulk_add,
        "list": bulk_add.list,
        "state": state,
        "obstacle": obstacle,
        "halted": halted,  # it does not go on by itself, and `obstacle` says why
        "live": at_work and not _is_over(run),
        "bar": _bar(bulk_add),
        "may_discard": state in (State.CHECKING, State.PREVIEW),
        "may_undo": bool(bulk_add.added) and not bulk_add.undo_at and (bool(bulk_add.finished_at) or _is_over(run)),
        "has_report": bool(bulk_add.lines and bulk_add.source and bulk_add.confirmed_at),
        "why": explain_ending(bulk_add),
    }
    if state == State.CHECKING or bulk_add.ending == Ending.TOO_MANY:
        return context
    found = Paginator(bulk_add.skipped_lines.in_order(), PAGE_SIZE).get_page(page)
    return context | {"skipped_lines": found, "page_obj": found}


def explain_ending(bulk_add: BulkAdd) -> str:
    """Return why it ended early, as a sentence; "" if it did not."""
    texts = {
        Ending.DISCARDED: _("This was discarded. Nothing was added."),
        Ending.EXPIRED: _("Nobody confirmed it within a week. Nothing was added."),
        Ending.NOTHING: _("There is nothing to add: none of the lines is a to-do."),
        Ending.TOO_MANY: _("This has more than 100,000 lines. Split it and add the parts one at a time."),
        Ending.UTF16: _("This text is UTF-16. Save it as UTF-8 and try again."),
        Ending.FILE_GONE: _("The stored text no longer exists. Upload it again."),
        Ending.NO_RIGHT: _(
            "The person who confirmed it can no longer edit this list. The remaining lines were not added."
        ),
        Ending.LIST_TRASHED: _("The list was moved to the trash in the meantime. The remaining lines were not added."),
        Ending.GAVE_UP: _("An operator cancelled it, or an error stopped it. The remaining lines were not added."),
    }
    return texts.get(Ending(bulk_add.ending), "")


def report_rows(bulk_add: BulkAdd) -> Iterator[tuple[int, str, str]]:
    """Yield each line's number, its outcome, and why it is no to-do."""
    added, skipped, failed, waiting = _("added"), _("skipped"), _("failed"), _("not yet added")
    rest = (failed, explain_ending(bulk_add)) if bulk_add.finished_at else (waiting, "")
    number = 1
    for found in bulk_add.skipped_lines.in_order().iterator():
        for good in range(number, found.first):
            yield (good, added, "") if good < bulk_add.next_line else (good, *rest)
        for bad in range(found.first, found.last + 1):
            yield bad, skipped, found.reason
        number = found.last + 1
    for good in range(number, bulk_add.lines + 1):
        yield (good, added, "") if good < bulk_add.next_line else (good, *rest)


def _bar(bulk_add: BulkAdd) -> dict[str, int]:
    """Its progress: in to-dos while an undo is running, in lines otherwise."""
    if bulk_add.undo_at:
        return {"done": bulk_add.added if bulk_add.undone_at else bulk_add.undone, "of": bulk_add.added}
    return {"done": bulk_add.lines - bulk_add.remaining, "of": bulk_add.lines}


def _obstacle(run: Run | None) -> str:
    """Return why it is not progressing, as a sentence; "" if it is."""
    if run is None or run.status == RunStatus.CANCELLED:
        return _("An operator cancelled this. The rest will not be done.")
    if run.status == RunStatus.FAILED:
        return _("An error stopped this. Operators can see it and continue from here.")
    if run.status == RunStatus.PAUSED:
        return _("An operator has paused this.")
    if not Worker.objects.alive().exists():
        return _("No worker is running. This continues automatically once one is.")
    if run.waiting_for.startswith("retry "):
        return _("Something went wrong. Trying again in a moment.")
    return ""


def _is_over(run: Run | None) -> bool:
    return run is None or run.is_finished
