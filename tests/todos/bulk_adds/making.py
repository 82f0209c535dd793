"""Texts of many lines, and what becomes of them, for the tests that add them."""

from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from todos.models import Activity, BulkAdd, SkippedLines, Verb
from todos.models.bulkadd import State
from workflows.testing import crash_at, run_until_idle

LINES = b"Buy grout\n\nBuy primer\ncaf\xe9\nBuy tape"
GOOD = [f"To-do {number}" for number in range(1, 24)]


def new_url(todo_list) -> str:
    return reverse("todos:bulk_add_new", args=[todo_list.pk])


def upload(data: bytes = LINES, name: str = "lines.txt") -> dict:
    return {"file": SimpleUploadedFile(name, data)}


def text() -> ContentFile:
    """Return 23 to-dos; after each fifth an empty line and one with NUL."""
    lines = [line for n, good in enumerate(GOOD, 1) for line in ([good] if n % 5 else [good, "", f"x\x00{n}"])]
    return ContentFile("\n".join(lines).encode())


def confirm(bulk_add: BulkAdd, *, by) -> BulkAdd:
    run_until_idle()
    bulk_add.confirm(by=by)
    run_until_idle()
    bulk_add.refresh_from_db()
    return bulk_add


def assert_exact(bulk_add: BulkAdd) -> None:
    bulk_add.refresh_from_db()
    assert (bulk_add.lines, bulk_add.added, bulk_add.skipped, bulk_add.failed) == (31, 23, 8, 0)
    assert bulk_add.state == State.DONE
    made = bulk_add.todos.order_by("position", "pk")
    assert list(made.values_list("text", flat=True)) == GOOD
    assert Activity.objects.filter(verb=Verb.ADDED, todo__in=made).count() == 23
    skipped = SkippedLines.objects.filter(bulk_add=bulk_add).in_order().values_list("first", "problem")
    assert list(skipped) == [
        *((6, "empty"), (7, "control"), (13, "empty"), (14, "control")),
        *((20, "empty"), (21, "control"), (27, "empty"), (28, "control")),
    ]


def interrupted(bulk_add: BulkAdd, *, by) -> BulkAdd:
    """Add two of the five batches, then lose the worker."""
    run_until_idle()
    bulk_add.confirm(by=by)
    with crash_at("runs.set_progress.before", at=2):
        run_until_idle()
    bulk_add.refresh_from_db()
    assert bulk_add.added == 10
    return bulk_add
