"""Steps of a run that a worker holds. The first ones are the hot path: one fenced statement each."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import DatabaseError, connection, transaction

from workflows.core import clock
from workflows.core.emit import emit
from workflows.core.errors import IdTaken
from workflows.models import Attempt, Outcome, Run, RunStatus, Step, StepStatus
from workflows.transitions import runs
from workflows.transitions.guarding import Stopped, Unwind, inside, instant, lost_database, verb, write


@dataclass(slots=True)
class Recorded:
    """A step as it is recorded."""

    position: int
    key: str
    kind: str
    status: str = StepStatus.RUNNING
    attempt: int = 1
    uncounted: int = 0
    config: str = ""
    result: str | None = None
    error: dict[str, Any] | None = None
    wake_at: datetime | None = None
    sensitive: bool = False


_COLUMNS = [
    *("position", "key", "kind", "status", "attempt", "uncounted"),
    *("config", "result", "error", "wake_at", "sensitive"),
]
_INSERT = """
INSERT INTO workflows_step
    (run_id, position, key, kind, status, attempt, uncounted, config, result, sensitive,
     started_at, finished_at, wake_at)
SELECT id, %s, %s, %s, %s, %s, 0, %s, %s, %s, %s, %s, %s
FROM workflows_run WHERE id = %s AND fence = %s AND status = 'running' AND paused_at IS NULL"""
_START = f"{_INSERT} {{LAZY}} {{SHARE}}"
_RECORD = f"{_INSERT} {{SHARE}}"
_HELD = "EXISTS (SELECT 1 FROM workflows_run WHERE id = %s AND fence = %s {SHARE})"
_ALLOWED = """EXISTS (SELECT 1 FROM workflows_run
    WHERE id = %s AND fence = %s AND status = 'running' AND paused_at IS NULL {SHARE})"""
_START_AGAIN = f"""
UPDATE workflows_step SET status = 'running', attempt = attempt + 1, started_at = %s, wake_at = %s
WHERE run_id = %s AND position = %s AND status = 'waiting' AND {_ALLOWED} {{LAZY}}"""  # noqa: S608 - constants
_SUCCEED = f"""
UPDATE workflows_step SET status = 'succeeded', result = %s, finished_at = %s, wake_at = NULL
WHERE run_id = %s AND position = %s AND status IN ('running', 'waiting') AND {_HELD}"""  # noqa: S608 - constants

_TAKE = """
UPDATE workflows_event
SET consumed_at = %s, step_id = (SELECT id FROM workflows_step WHERE run_id = %s AND position = %s)
WHERE id = (SELECT MIN(id) FROM workflows_event WHERE run_id = %s AND type = %s AND consumed_at IS NULL)
RETURNING payload"""


def load(run: Run) -> list[Recorded]:
    """Return the recorded steps in their order."""
    if run.fence == 1:
        return []  # first claim of a new run
    return [Recorded(*row) for row in run.steps.order_by("position").values_list(*_COLUMNS)]


@verb
def start(run: Run, step: Recorded, *, timeout: timedelta) -> None:
    """Record that the first attempt of a new step begins; it must end within the timeout."""
    now = clock.now()
    step.wake_at = now + timeout
    _insert(_START, run, step, now=now)


@verb
def start_again(run: Run, step: Recorded, *, timeout: timedelta) -> None:
    """Record that the next attempt of a step begins."""
    now = clock.now()
    ids = (run.pk, step.position, run.pk, run.fence)
    if not write(_START_AGAIN, (instant(now), instant(now + timeout), *ids)):
        raise Stopped
    step.status, step.attempt = StepStatus.RUNNING, step.attempt + 1


@verb
def succeed(run: Run, step: Recorded) -> None:
    """Record the result, in the caller's transaction if there is one."""
    ids = (run.pk, step.position, run.pk, run.fence)
    if not write(_SUCCEED, (step.result, instant(clock.now()), *ids)):
        raise Stopped
    step.status = StepStatus.SUCCEEDED


@verb
def record_value(run: Run, step: Recorded) -> None:
    """Record a step that is its result: the time, a random number."""
    step.status = StepStatus.SUCCEEDED
    now = clock.now()
    _insert(_RECORD, run, step, now=now, finished_at=now)


@verb
def start_sleep(run: Run, step: Recorded) -> None:
    """Record a sleep until `step.wake_at` and give the worker back."""
    step.status = StepStatus.WAITING
    with transaction.atomic():
        _insert(_RECORD, run, step, now=clock.now())
        inside_sleep()
        runs.suspend(run, wake_at=step.wake_at, waiting_for=f"sleep {step.key}")


inside_sleep = inside("steps.start_sleep")


@verb
def end_attempt(
    run: Run,
    step: Recorded,
    *,
    outcome: Outcome,
    error: dict[str, Any],
    retry_at: datetime | None,
) -> None:
    """Record that the running attempt did not succeed; without `retry_at` the step has failed permanently.

    A retry in the future suspends the run, and is then raised as Unwind.
    """
    now = clock.now()
    with guarded(), transaction.atomic():
        runs.hold(run)
        row = Step.objects.filter(run=run, position=step.position, status=StepStatus.RUNNING).first()
        if row is None or row.attempt != step.attempt:
            raise Stopped
        Attempt.objects.create(
            step=row,
            number=row.attempt,
            outcome=outcome,
            error=error,
            worker="" if outcome == Outcome.LOST else run.worker,  # by now it is who took over
            started_at=row.started_at,
            finished_at=now,
        )
        inside_end()
        row.wake_at = retry_at
        row.uncounted += outcome == Outcome.RELEASED
        row.status = StepStatus.WAITING if retry_at else StepStatus.FAILED
        row.error, row.finished_at = (None, None) if retry_at else (error, now)
        row.save(update_fields=["wake_at", "uncounted", "status", "error", "finished_at"])
        step.wake_at, step.uncounted, step.status, step.error = retry_at, row.uncounted, row.status, row.error
        emit(f"attempt.{outcome.value}", workflow=run.workflow, run=run.pk, step=step.key)
        if retry_at and retry_at > now:
            runs.suspend(run, wake_at=retry_at, waiting_for=f"retry {step.key}")
    if retry_at and retry_at > now:
        raise Unwind("waits for the retry")


inside_end = inside("steps.end_attempt")


@verb
def wait_for_event(run: Run, step: Recorded, *, type: str) -> None:
    """Consume the oldest event of the type, or record that the wait timed out, or wait for it and raise Unwind.

    The run's lock decides between an event that comes and a wait that ends: `send_event` takes it too.
    """
    now = clock.now()
    with guarded(), transaction.atomic():
        runs.hold(run)
        if step.status != StepStatus.WAITING:
            _keep(run, step, now=now)
        with connection.cursor() as cursor:
            cursor.execute(_TAKE, (instant(now), run.pk, step.position, run.pk, type))
            taken = cursor.fetchone()
        if taken:
            inside_event()
            step.result = taken[0]
            succeed(run, step)
            return
        if step.wake_at and now >= step.wake_at:
            message = f"no event {type!r} came in time"
            row = Step.objects.get(run=run, position=step.position)
            _end(row, step, error={"kind": "wait", "type": "WaitTimedOut", "message": message}, now=now)
            return
        inside_event()
        runs.suspend(run, wake_at=step.wake_at, waiting_for=f"event {type}")
    raise Unwind("waits for an event")


inside_event = inside("steps.wait_for_event")


@verb
def wait_for_child(run: Run, step: Recorded, *, child: Run) -> None:
    """Start the child if it is new and wait for it, raising Unwind, or record how it ended."""
    now = clock.now()
    with guarded(), transaction.atomic():
        runs.hold(run)
        row = _keep(run, step, now=now)
        found, _created = Run.objects.get_or_create(pk=child.pk, defaults=runs.fields_of(child))
        inside_child()
        if found.parent_id != run.pk:
            raise IdTaken(run=found.pk)
        if found.status == RunStatus.SUCCEEDED:
            _end(row, step, result=found.output, now=now)
            return
        if found.is_finished:
            error = found.error or {"type": "Cancelled", "message": "it was cancelled"}
            message = f"run {found.pk} {found.status}: {error['type']}: {error['message']}"
            _end(row, step, error={"kind": "child", "type": "ChildFailed", "message": message}, now=now)
            return
        runs.suspend(run, wake_at=None, waiting_for=f"child {found.pk}")
    raise Unwind("waits for its child")


inside_child = inside("steps.wait_for_child")


class guarded:  # noqa: N801 - used like a function
    """Turn an outage of the database inside a worker's transaction into Unwind."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, DatabaseError):
            raise lost_database(error) from error


def _insert(statement: str, run: Run, step: Recorded, *, now: datetime, finished_at: datetime | None = None) -> None:
    values = (
        *(step.position, step.key, step.kind, step.status, step.attempt, step.config, step.result, step.sensitive),
        *(instant(now), finished_at and instant(finished_at), step.wake_at and instant(step.wake_at)),
    )
    if not write(statement, (*values, run.pk, run.fence)):
        raise Stopped


def _keep(run: Run, step: Recorded, *, now: datetime) -> Step:
    """Return the step's row, made if it is new."""
    step.status = StepStatus.WAITING
    row, _created = Step.objects.get_or_create(
        run=run,
        position=step.position,
        defaults={
            "key": step.key,
            "kind": step.kind,
            "status": step.status,
            "attempt": 1,
            "config": step.config,
            "sensitive": step.sensitive,
            "started_at": now,
            "wake_at": step.wake_at,
        },
    )
    return row


def _end(
    row: Step, step: Recorded, *, now: datetime, result: str | None = None, error: dict[str, Any] | None = None
) -> None:
    row.status = StepStatus.FAILED if error else StepStatus.SUCCEEDED
    row.result, row.error, row.finished_at, row.wake_at = result, error, now, None
    row.save(update_fields=["status", "result", "error", "finished_at", "wake_at"])
    step.status, step.result, step.error = row.status, result, error
