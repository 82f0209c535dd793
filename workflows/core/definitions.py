"""What is declared in code: workflows, consumers of queues, schedules. Each app does it in its workflows.py."""

import inspect
import zoneinfo
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from croniter import croniter

from workflows.core import codec
from workflows.core.errors import (
    DuplicateDefinition,
    InvalidDefinition,
    InvalidInput,
    UnknownQueue,
    UnknownSchedule,
    UnknownWorkflow,
)
from workflows.core.policy import check_duration

type Missed = Literal["skip", "once", "all"]


@dataclass(frozen=True)
class Workflow:
    """A registered function `def name(step, *, …)`; `sensitive` hides input and output of its runs in the console."""

    name: str
    version: int
    function: Callable[..., Any]
    sensitive: bool = False

    def bind(self, given: Mapping[str, Any]) -> None:
        """Raise InvalidInput if the function cannot be called with it."""
        try:
            inspect.signature(self.function).bind(None, **given)
        except TypeError as error:
            raise InvalidInput(workflow=self.name, why=error) from None


@dataclass(frozen=True)
class Consumer:
    """The function that works on a queue, and the queue's settings."""

    queue: str
    function: Callable[..., None]
    max_batch_size: int
    max_batch_wait: timedelta
    max_retries: int
    retry_delay: timedelta | Callable[[int], timedelta]
    dead_letter: bool
    concurrency: int | None
    timeout: timedelta

    def delay_after(self, attempt: int) -> timedelta:
        return self.retry_delay if isinstance(self.retry_delay, timedelta) else self.retry_delay(attempt)


@dataclass(frozen=True)
class ScheduleDefinition:
    """When a workflow is started with which input."""

    name: str
    workflow: str
    cron: str | None
    every: timedelta | None
    time_zone: str
    missed: Missed
    input: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.cron} {self.time_zone}" if self.cron else f"every {self.every}"

    def last_until(self, moment: datetime, *, since: datetime, limit: int) -> list[datetime]:
        """Return the firings from `since` to the moment, the newest `limit` of them, oldest first."""
        found: list[datetime] = []
        for fire_at in self._backwards(moment):
            if fire_at < since or len(found) == limit:
                break
            found.append(fire_at)
        return found[::-1]

    def _backwards(self, moment: datetime) -> Iterator[datetime]:
        if self.every:
            fire_at = _EPOCH + (moment - _EPOCH) // self.every * self.every
            while True:
                yield fire_at
                fire_at -= self.every
        zone = zoneinfo.ZoneInfo(self.time_zone)
        # A day ahead, because the wall clock of a repeated hour says less than what it has said before.
        wall = croniter(self.cron, moment.astimezone(zone).replace(tzinfo=None) + timedelta(days=1))
        last = None
        while True:
            found = wall.get_prev(datetime).replace(tzinfo=zone).astimezone(UTC)
            if found <= moment and found != last:
                yield found
                last = found

    def next_after(self, moment: datetime) -> datetime:
        """Return the first firing later than the moment.

        Intervals count from the epoch, so that they keep their rhythm over restarts. Cron fields are wall-clock time:
        a time that a change of the clocks skips fires right after the gap, a repeated one once.
        """
        if self.every:
            ticks = (moment - _EPOCH) // self.every + 1
            return _EPOCH + ticks * self.every
        zone = zoneinfo.ZoneInfo(self.time_zone)
        wall = croniter(self.cron, moment.astimezone(zone).replace(tzinfo=None))
        while True:
            found: datetime = wall.get_next(datetime).replace(tzinfo=zone).astimezone(UTC)
            if found > moment:
                return found


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_workflows: dict[str, dict[int, Workflow]] = {}
_consumers: dict[str, Consumer] = {}
_schedules: dict[str, ScheduleDefinition] = {}


def workflow(
    name: str | None = None, *, version: int = 1, sensitive: bool = False
) -> Callable[[Callable[..., Any]], Workflow]:
    """Register a workflow under the name, or that of its function."""

    def register(function: Callable[..., Any]) -> Workflow:
        made = Workflow(_named(name or function.__name__, "a workflow"), version, function, sensitive)
        versions = _workflows.setdefault(made.name, {})
        if version < 1:
            raise InvalidDefinition(what=f"The version of workflow {made.name}", why="versions start at 1")
        if version in versions:
            what, where = f"Version {version} of workflow {made.name}", _place(versions[version].function)
            raise DuplicateDefinition(what=what, where=where)
        versions[version] = made
        return made

    return register


def consumer(
    queue: str,
    *,
    max_batch_size: int = 10,
    max_batch_wait: timedelta = timedelta(0),
    max_retries: int = 3,
    retry_delay: timedelta | Callable[[int], timedelta] = timedelta(seconds=60),
    dead_letter: bool = True,
    concurrency: int | None = None,
    timeout: timedelta = timedelta(minutes=1),
) -> Callable[[Callable[..., None]], Consumer]:
    """Register the function that is called with each Batch of the queue.

    A batch is delivered when it is full or when its oldest message has waited `max_batch_wait`. After `max_retries`
    a message becomes a dead letter, or is dropped if `dead_letter` is False. `retry_delay` may be a function of the
    number of attempts. `concurrency` bounds the batches at work.
    """
    _check(1 <= max_batch_size <= 100, queue, "max_batch_size goes from 1 to 100")
    _check(0 <= max_retries <= 100, queue, "max_retries goes from 0 to 100")
    _check(concurrency is None or concurrency >= 1, queue, "concurrency starts at 1")
    _check(timeout > timedelta(0), queue, "timeout must be positive")
    check_duration("max_batch_wait", max_batch_wait, longest=timedelta(minutes=1))
    if isinstance(retry_delay, timedelta):
        check_duration("retry_delay", retry_delay)

    def register(function: Callable[..., None]) -> Consumer:
        if queue in _consumers:
            raise DuplicateDefinition(what=f"Queue {queue}", where=_place(_consumers[queue].function))
        _consumers[queue] = Consumer(
            queue=_named(queue, "a queue"),
            function=function,
            max_batch_size=max_batch_size,
            max_batch_wait=max_batch_wait,
            max_retries=max_retries,
            retry_delay=retry_delay,
            dead_letter=dead_letter,
            concurrency=concurrency,
            timeout=timeout,
        )
        return _consumers[queue]

    return register


def schedule(
    name: str,
    workflow: Workflow,
    *,
    cron: str | None = None,
    every: timedelta | None = None,
    time_zone: str = "UTC",
    missed: Missed = "once",
    input: Mapping[str, Any] | None = None,
) -> ScheduleDefinition:
    """Start the workflow at each time of the cron expression (five fields), or in each interval.

    `missed` says which firings missed during a downtime are made up for: none, one, or all (the newest 100).
    """
    what = f"Schedule {name}"
    if name in _schedules:
        raise DuplicateDefinition(what=what, where=_place(workflow.function))
    if (cron is None) == (every is None):
        raise InvalidDefinition(what=what, why="give either cron or every")
    if every is not None and every < timedelta(seconds=1):
        raise InvalidDefinition(what=what, why="the shortest interval is one second")
    if cron is not None and (len(cron.split()) != 5 or not croniter.is_valid(cron)):
        raise InvalidDefinition(what=what, why=f"{cron!r} is not a cron expression of five fields")
    try:
        zoneinfo.ZoneInfo(time_zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        raise InvalidDefinition(what=what, why=f"there is no time zone {time_zone!r}") from None
    made = ScheduleDefinition(
        _named(name, "a schedule"), workflow.name, cron, every, time_zone, missed, dict(input or {})
    )
    workflow.bind(made.input)
    codec.encode(made.input, what=f"The input of schedule {name}")
    try:
        made.next_after(datetime.now(UTC))
    except ValueError:  # CroniterBadDateError
        raise InvalidDefinition(what=what, why=f"{cron!r} never fires") from None
    _schedules[name] = made
    return made


def find_workflow(name: str, version: int | None = None) -> Workflow | None:
    """Return that version of the workflow, or the newest; None where this code does not have it."""
    versions = _workflows.get(name, {})
    return versions.get(max(versions, default=0) if version is None else version)


def get_workflow(name: str) -> Workflow:
    if found := find_workflow(name):
        return found
    raise UnknownWorkflow(name=name, known=_listed(_workflows))


def get_consumer(queue: str) -> Consumer:
    if queue in _consumers:
        return _consumers[queue]
    raise UnknownQueue(name=queue, known=_listed(_consumers))


def get_schedule(name: str) -> ScheduleDefinition:
    if name in _schedules:
        return _schedules[name]
    raise UnknownSchedule(name=name, known=_listed(_schedules))


def workflow_names() -> list[str]:
    return sorted(_workflows)


def consumers() -> list[Consumer]:
    return list(_consumers.values())


def schedules() -> list[ScheduleDefinition]:
    return list(_schedules.values())


def _check(holds: bool, queue: str, why: str) -> None:
    if not holds:
        raise InvalidDefinition(what=f"Queue {queue}", why=why)


def _named(name: str, what: str) -> str:
    if not 1 <= len(name) <= 100 or not name.isprintable():
        raise InvalidDefinition(what=f"The name {name!r} of {what}", why="use 1 to 100 printable characters")
    return name


def _listed(names: Mapping[str, Any]) -> str:
    return ", ".join(sorted(names)) or "none"


def _place(function: Callable[..., Any]) -> str:
    return f"{function.__module__}.{function.__qualname__}"
