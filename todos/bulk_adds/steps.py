"""What the steps of a bulk add do: check the stored text, add its lines in batches, move them to the trash again.

A batch holds the list's lock, and on SQLite the only writer, for as long as it takes: about 50 ms for BATCH lines.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Self

from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from todos.bulk_adds import writing
from todos.bulk_adds.lines import CHUNK, Line, Refusal, read_lines
from todos.models import BulkAdd, SkippedLines, Todo, TodoList, Verb, positions
from todos.models.bulkadd import FOLDER, Ending
from workflows import engine

MOST_LINES = 100_000
LARGEST = 20 * 1024 * 1024
BATCH = 500
BATCH_BYTES = 1024 * 1024
"""Lines that are no to-do count too: a batch that is full of them is read while the database is held."""
SAMPLE = 10
KEPT_FINDINGS = 500
KEEP_SOURCE = timedelta(days=7)
_UTF16 = (b"\xff\xfe", b"\xfe\xff")

type Part = list[int]
"""First byte, end, first line, last line, number of to-dos in them."""


class Source:
    """The stored text, opened when it is first read."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._file: File[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _t: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def chunks(self, start: int = 0, end: int = LARGEST) -> Iterator[bytes]:
        if self._file is None:
            self._file = default_storage.open(self._name, "rb")
        self._file.seek(start)
        while start < end and (chunk := self._file.read(min(CHUNK, end - start))):
            start += len(chunk)
            yield chunk


def open_source(bulk_add_id: int) -> Source:
    return Source(BulkAdd.objects.filter(pk=bulk_add_id).values_list("source", flat=True).first() or "")


# --- Checking ----------------------------------------------------------------------------------------------------


@dataclass
class Findings:
    """What a check finds; lines that are no to-do are stored in the database as it goes."""

    bulk_add: BulkAdd
    lines: int = 0
    skipped: int = 0
    sample: list[str] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    unkept: list[dict[str, Any]] = field(default_factory=list)

    def take(self, line: Line) -> None:
        self.lines = line.number
        if line.refusal:
            self.skipped += 1
            self._skip(line.number, line.refusal)
            return
        if len(self.sample) < SAMPLE:
            self.sample.append(line.text)
        if not self.parts or self._is_full(self.parts[-1], line):
            self.parts.append([line.start, line.end, line.number, line.number, 0])
        part = self.parts[-1]
        part[1], part[3], part[4] = line.end, line.number, part[4] + 1

    def keep(self) -> None:
        SkippedLines.keep(self.unkept, bulk_add=self.bulk_add)
        self.unkept.clear()

    def _is_full(self, part: Part, line: Line) -> bool:
        return part[4] == BATCH or line.end - part[0] > BATCH_BYTES

    def _skip(self, number: int, refusal: Refusal) -> None:
        same = {"problem": refusal.problem.value, **refusal._asdict()} | {"problem": refusal.problem.value}
        last = self.unkept[-1] if self.unkept else None
        if last and last["last"] == number - 1 and last | same == last:
            last["last"] = number
            return
        if len(self.unkept) == KEPT_FINDINGS:
            self.keep()
        self.unkept.append({"first": number, "last": number, **same})


def check(bulk_add_id: int, source: Source) -> dict[str, Any]:
    """Read the whole text; return what `record` stores, and the parts in which its lines are to be added."""
    bulk_add = BulkAdd.objects.filter(pk=bulk_add_id).first()
    if bulk_add is None:
        return {"ending": Ending.FILE_GONE.value}
    findings = Findings(bulk_add)
    try:
        if next(source.chunks(), b"").startswith(_UTF16):
            return {"ending": Ending.UTF16.value}
        for line in read_lines(source.chunks()):
            if line.number > MOST_LINES:
                return {"ending": Ending.TOO_MANY.value}
            findings.take(line)
    except FileNotFoundError:
        return {"ending": Ending.FILE_GONE.value}
    findings.keep()
    return {
        "ending": "" if findings.parts else Ending.NOTHING.value,
        "lines": findings.lines,
        "skipped": findings.skipped,
        "sample": findings.sample,
        "parts": findings.parts,
    }


def record(bulk_add_id: int, found: dict[str, Any]) -> bool:
    """Store what the check found; return whether there is something to confirm."""
    bulk_add = _locked(bulk_add_id)
    if bulk_add is None or bulk_add.finished_at:
        return False
    for name in ("lines", "skipped", "sample"):
        setattr(bulk_add, name, found.get(name, getattr(bulk_add, name)))
    bulk_add.checked_at = timezone.now()
    bulk_add.save(update_fields=["lines", "skipped", "sample", "checked_at"])
    if found["ending"]:
        bulk_add.finish(ending=Ending(found["ending"]))
    return not bulk_add.finished_at


def decide(bulk_add_id: int) -> bool:
    """Return whether it was confirmed; a bulk add that nobody decided about expires."""
    bulk_add = _locked(bulk_add_id)
    if bulk_add is None or bulk_add.finished_at:
        return False
    if not bulk_add.confirmed_at:
        bulk_add.finish(ending=Ending.EXPIRED)
    return bool(bulk_add.confirmed_at)


# --- Adding ------------------------------------------------------------------------------------------------------


def add_part(bulk_add_id: int, part: Part, source: Source) -> bool:
    """Add the to-dos of a part after those of the last one, at the top of the list; False if the bulk add has ended."""
    bulk_add = _locked(bulk_add_id)
    if bulk_add is None or bulk_add.finished_at:
        return False
    start, end, first_line, last_line, expected = part
    by = bulk_add.confirmed_by
    if (obstacle := _obstacle(bulk_add, by=by)) or by is None:
        bulk_add.finish(ending=obstacle)
        return False
    texts = [line.text for line in read_lines(source.chunks(start, end), number=first_line, start=start) if line.text]
    if len(texts) != expected:
        what = f"lines {first_line} to {last_line} hold {len(texts)} to-dos, and {expected} when they were checked"
        raise engine.NonRetryable(what)
    _create(bulk_add, texts, by=by)
    bulk_add.added += len(texts)
    bulk_add.next_line = last_line + 1
    bulk_add.save(update_fields=["added", "next_line"])
    return True


def finish(bulk_add_id: int) -> None:
    bulk_add = _locked(bulk_add_id)
    if bulk_add is None or bulk_add.finished_at:
        return
    if bulk_add.remaining:
        raise engine.NonRetryable(f"{bulk_add.remaining} lines were neither added nor skipped")
    bulk_add.finish()


def _create(bulk_add: BulkAdd, texts: list[str], *, by: User) -> None:
    todos = Todo.objects.filter(list=bulk_add.list_id)
    # The one added last is the anchor, not a position kept from the beginning: the list may have been renumbered.
    behind = todos.filter(bulk_add=bulk_add).order_by("-pk").first()
    start, gap = positions.block(bulk_add.remaining, behind=behind, todos=todos)
    writing.insert_todos(texts, bulk_add=bulk_add, by=by, now=timezone.now(), start=start, gap=gap)


def _obstacle(bulk_add: BulkAdd, *, by: User | None) -> Ending:
    """Return why adding to the list is no longer allowed; the list's lock keeps that true until the batch is added."""
    if bulk_add.list.trashed_at:
        return Ending.LIST_TRASHED
    return Ending.NONE if bulk_add.may_be_changed_by(by) else Ending.NO_RIGHT


# --- Undoing -----------------------------------------------------------------------------------------------------


def trash_some(bulk_add_id: int, *, after: int) -> int | None:
    """Move the next batch of its to-dos to the trash, wherever they are by now; return the last one's id, or None.

    What is in the trash already stays there as it is, and so does what now is in a list its undoer may not change.
    """
    bulk_add = _locked(bulk_add_id)
    if bulk_add is None or bulk_add.undo_by is None or not bulk_add.undo_by.may_sign_in():
        return None
    lists = TodoList.objects.writable_by(bulk_add.undo_by).values("pk")
    todos = Todo.objects.live().filter(bulk_add=bulk_add, list__in=lists, pk__gt=after).order_by("pk")
    batch = list(todos.select_for_update(no_key=True, of=("self",)).values_list("pk", flat=True)[:BATCH])
    if not batch:
        return None
    now = timezone.now()
    held = Todo.objects.filter(pk__in=batch)
    held.update(trashed_at=now, trashed_by=bulk_add.undo_by, updated_at=now)
    writing.record(Verb.TRASHED, held, by=bulk_add.undo_by, now=now)
    bulk_add.undone += len(batch)
    bulk_add.save(update_fields=["undone"])
    return batch[-1]


def end_undo(bulk_add_id: int) -> None:
    BulkAdd.objects.filter(pk=bulk_add_id, undone_at=None).update(undone_at=timezone.now())


# --- Tidying -----------------------------------------------------------------------------------------------------


def forget(before: datetime, *, limit: int) -> int:
    """Delete the stored texts and skipped lines of what ended before; the counts stay. Return how many."""
    over = list(BulkAdd.objects.ended_before(before).exclude(source="").order_by("finished_at")[:limit])
    for bulk_add in over:
        default_storage.delete(bulk_add.source)
        with transaction.atomic():
            bulk_add.skipped_lines.all().delete()
            BulkAdd.objects.filter(pk=bulk_add.pk).update(source="")
    return len(over)


def sweep(before: datetime) -> int:
    """Delete stored texts without a row, left by an upload that was cut off; return how many."""
    try:
        names = [f"{FOLDER}/{name}" for name in default_storage.listdir(FOLDER)[1]]
    except FileNotFoundError:
        return 0
    known = set(BulkAdd.objects.exclude(source="").values_list("source", flat=True))
    lost = [name for name in names if name not in known and default_storage.get_modified_time(name) < before]
    for name in lost:
        default_storage.delete(name)
    return len(lost)


def _locked(bulk_add_id: int) -> BulkAdd | None:
    """Lock the list, then the bulk add, and return it with its list; None if they were deleted."""
    bulk_add = BulkAdd.objects.filter(pk=bulk_add_id).first()
    if bulk_add is None:
        return None
    held = TodoList.objects.select_for_update(no_key=True).filter(pk=bulk_add.list_id).first()
    row = BulkAdd.objects.select_for_update(no_key=True).filter(pk=bulk_add_id).first()
    if held is None or row is None:
        return None
    row.list = held
    return row
