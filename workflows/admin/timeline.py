"""One run as its page shows it: a page of its steps with the history of each, in a fixed number of bounded queries."""

import json
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Self

from django.core.paginator import Page, Paginator
from django.db.models.functions import Length, Substr

from workflows.core import clock, codec
from workflows.models import Attempt, AuditLine, Event, Run, Step, StepKind, StepStatus

STEPS = 100
"""Steps on one page, of up to 10,000."""
ATTEMPTS = 500
OTHERS = 100
"""Children, events and audit lines that are shown."""
CHARACTERS = 10_000
LINE = 80
"""How much of a stored value is shown; it may have a mebibyte."""


@dataclass(frozen=True)
class Shown:
    """A stored value as text, or the beginning of it."""

    text: str
    size: int

    @property
    def is_short(self) -> bool:
        return self.size <= min(LINE, CHARACTERS) and "\n" not in self.text

    @property
    def is_cut(self) -> bool:
        return self.size > CHARACTERS

    @classmethod
    def of(cls, stored: str | None, size: int | None) -> "Shown | None":
        if stored is None or size is None or stored == "null":
            return None
        if size > CHARACTERS:
            return cls(stored[:CHARACTERS], size)
        return cls(json.dumps(codec.decode(stored), indent=2, ensure_ascii=False, default=str), size)


@dataclass
class Entry:
    """One step on the timeline."""

    step: Step
    result: Shown | None
    child: Run | None = None
    attempts: list[Attempt] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    @property
    def is_now(self) -> bool:
        return self.step.status in (StepStatus.RUNNING, StepStatus.WAITING)

    @property
    def detail(self) -> str:
        """What a waiting kind of step waits for, in the words of the code."""
        if self.step.kind in (StepKind.DO, StepKind.TRANSACTION) or self.step.config.startswith("until "):
            return ""  # the end of a sleep is shown anyway
        return self.step.config.removeprefix("for ") if self.step.kind == StepKind.EVENT else self.step.config

    @property
    def most_attempts(self) -> int | None:
        """How many attempts its retry policy allows, where it has one."""
        if self.step.kind not in (StepKind.DO, StepKind.TRANSACTION) or not self.step.config:
            return None
        limit: int = json.loads(self.step.config)[0]
        return limit + 1 + self.step.uncounted

    @property
    def took(self) -> timedelta | None:
        """How long it took or has taken, with its retries and their delays; values take no time."""
        if self.step.kind == StepKind.VALUE:
            return None
        begun = min([self.step.started_at, *(attempt.started_at for attempt in self.attempts)])
        return max((self.step.finished_at or clock.now()) - begun, timedelta(0))


@dataclass(frozen=True)
class Timeline:
    run: Run
    input: Shown | None
    output: Shown | None
    page: Page[Any]
    entries: list[Entry]
    events: list[tuple[Event, Shown | None]]  # not consumed yet
    children: list[Run]
    audit: list[AuditLine]
    now: datetime

    @classmethod
    def read(cls, pk: str, *, page: str) -> Self | None:
        """Return the run's timeline, or None where there is no such run; values that are sensitive are left out."""
        runs = Run.objects.select_related("created_by").defer("input", "output")
        run = _measured(runs, "input", "output").filter(pk=pk).first()
        if run is None:
            return None
        steps = _measured(run.steps.order_by("position").defer("result"), "result")
        found = Paginator(steps, STEPS).get_page(page)
        # Sorted here: asked for an order by time, SQLite walks the times of all runs instead of the parent's index.
        some = run.children.order_by().defer("input", "output", "error")[:OTHERS]
        children = sorted(some, key=lambda child: (child.created_at, child.pk))
        by_id = {child.pk: child for child in children}
        entries = {
            step.pk: Entry(step, _shown(step, "result", hidden=run.sensitive), by_id.get(f"{run.pk}.{step.position}"))
            for step in found
        }
        for attempt in Attempt.objects.filter(step__in=list(entries)).order_by("step", "number")[:ATTEMPTS]:
            entries[attempt.step_id].attempts.append(attempt)
        for event in Event.objects.filter(step__in=list(entries)).defer("payload").select_related("sent_by"):
            if event.step_id:
                entries[event.step_id].events.append(event)
        events = Event.objects.filter(run=run, consumed_at=None).select_related("sent_by").defer("payload")
        audit = AuditLine.objects.filter(subject="run", subject_id=run.pk).select_related("actor")
        return cls(
            run=run,
            input=_shown(run, "input"),
            output=_shown(run, "output"),
            page=found,
            entries=list(entries.values()),
            events=[
                (event, _shown(event, "payload", hidden=run.sensitive))
                for event in _measured(events, "payload").order_by("id")[:OTHERS]
            ],
            children=children,
            audit=list(audit.order_by("-id")[:OTHERS]),
            now=clock.now(),
        )

    @property
    def took(self) -> timedelta | None:
        if self.run.started_at is None:
            return None
        return (self.run.finished_at or self.now) - self.run.started_at

    @property
    def unsuccessful(self) -> dict[str, int]:
        """How many attempts ended how, on this page."""
        found: defaultdict[str, int] = defaultdict(int)
        for entry in self.entries:
            for attempt in entry.attempts:
                found[attempt.get_outcome_display()] += 1
        return dict(found)


def _measured(queryset: Any, *fields: str) -> Any:
    """Read the beginning and the length of each of these instead of the whole."""
    return queryset.annotate(
        **{f"{name}_text": Substr(name, 1, CHARACTERS) for name in fields},
        **{f"{name}_size": Length(name) for name in fields},
    )


def _shown(row: Any, name: str, *, hidden: bool = False) -> Shown | None:
    if hidden or getattr(row, "sensitive", False):
        return None
    return Shown.of(getattr(row, f"{name}_text"), getattr(row, f"{name}_size"))
