"""Runs as workers move them: created, claimed, held, given back, ended."""

import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Min

from workflows.core import clock, codec, doorbell
from workflows.core.definitions import Workflow, get_workflow
from workflows.core.emit import emit, observe
from workflows.core.errors import InvalidId
from workflows.models import Run, RunStatus
from workflows.transitions.guarding import LEASE, Stopped, inside, instant, spell, verb, write

ID_LIMIT = 100

_CLAIM = """
WITH due AS (SELECT id FROM workflows_run WHERE wake_at <= %s ORDER BY wake_at LIMIT %s {SKIP})
UPDATE workflows_run SET status = 'running', fence = fence + 1, worker = %s, wake_at = %s, waiting_for = '',
    lost = CASE WHEN status = 'running' THEN lost + 1 ELSE 0 END, started_at = COALESCE(started_at, %s)
WHERE id IN (SELECT id FROM due) {LAZY} RETURNING *"""
_SUSPEND = """
UPDATE workflows_run SET worker = '', waiting_for = %s,
    status = CASE WHEN paused_at IS NULL THEN 'waiting' ELSE 'paused' END,
    wake_at = CASE WHEN paused_at IS NULL THEN %s{TIME} ELSE NULL END,
    paused_at = CASE WHEN paused_at IS NULL THEN NULL ELSE %s END
WHERE id = %s AND fence = %s AND status = 'running'"""
_FINISH = """
UPDATE workflows_run SET status = %s, output = %s, error = %s, finished_at = %s, wake_at = NULL, paused_at = NULL,
    worker = ''
WHERE id = %s AND fence = %s AND status = 'running'"""
_FINISH_ALONE = f"{_FINISH} {{LAZY}}"


@verb
def create(
    workflow: Workflow | str,
    input: Mapping[str, Any],
    *,
    id: str | None = None,
    by: Any = None,
) -> Run:
    """Start a run in the caller's transaction; the id of a run that exists already returns that run, unchanged."""
    made = new_run(workflow, input, id=id, by=by)
    if id is None:
        made.save(force_insert=True)
        created = True
    else:
        made, created = Run.objects.get_or_create(pk=made.pk, defaults=fields_of(made))
    if created:
        emit("run.created", workflow=made.workflow, run=made.pk)
        doorbell.ring()
    return made


@verb
def create_many(workflow: Workflow | str, inputs: Iterable[Mapping[str, Any]], *, by: Any = None) -> list[Run]:
    """Start many runs in one transaction."""
    made = [new_run(workflow, input, by=by) for input in inputs]
    Run.objects.bulk_create(made, batch_size=500)
    if made:
        emit("run.created", workflow=made[0].workflow, count=len(made))
        doorbell.ring()
    return made


def new_run(
    workflow: Workflow | str,
    input: Mapping[str, Any],
    *,
    id: str | None = None,
    by: Any = None,
    parent: Run | None = None,
) -> Run:
    """Return a run that is not saved yet, or raise what is wrong with it."""
    definition = get_workflow(workflow) if isinstance(workflow, str) else workflow
    definition.bind(input)
    if id is not None and not (0 < len(id) <= ID_LIMIT and id.isprintable()):
        raise InvalidId(value=id, limit=ID_LIMIT)
    now = clock.now()
    return Run(
        pk=id or f"{int(now.timestamp() * 1000):012x}{secrets.token_hex(10)}",  # new ones lie together in the index
        workflow=definition.name,
        version=definition.version,
        status=RunStatus.QUEUED,
        input=codec.encode(dict(input), what="the input"),
        sensitive=definition.sensitive,
        created_at=now,
        created_by=by,
        wake_at=now,
        parent=parent,
    )


def child_id(run: Run, position: int) -> str:
    """Return the id of the child that the run's step at the position starts."""
    own = f"{run.pk}.{position}"
    return own if len(own) <= ID_LIMIT else codec.digest(own)


def fields_of(run: Run) -> dict[str, Any]:
    """Return what a new run is made of, as defaults for get_or_create."""
    return {name: value for name, value in vars(run).items() if name not in ("_state", "id")}


@verb
def claim(worker: str, *, limit: int) -> list[Run]:
    """Hold up to `limit` due runs for the worker: new ones, woken ones, and those whose lease has expired."""
    now = clock.now()
    params = (instant(now), limit, worker, instant(now + LEASE), instant(now))
    claimed = list(Run.objects.raw(spell(_CLAIM, connection.vendor), params))
    for run in claimed:
        if run.fence == 1:  # only of new ones is it still known since when they were due
            observe("late", (now - run.created_at).total_seconds())
    return sorted(claimed, key=lambda run: run.created_at)


def extend(worker: str, held: Sequence[str]) -> set[str]:
    """Move the end of the worker's leases; return the ids of the runs that it still holds."""
    mine = Run.objects.filter(pk__in=held, worker=worker, status=RunStatus.RUNNING)
    if mine.update(wake_at=clock.now() + LEASE) == len(held):
        return set(held)
    return set(mine.values_list("pk", flat=True))


def expire(worker_prefix: str) -> None:
    """End the leases of processes that are known to be dead."""
    now = clock.now()
    held = Run.objects.filter(worker__startswith=worker_prefix, status=RunStatus.RUNNING)
    if held.update(wake_at=now):
        doorbell.ring()


@verb
def release(run: Run, *, delay: timedelta = timedelta(0), waiting_for: str = "") -> None:
    """Give a run back as it is; any worker may claim it after the delay."""
    now = clock.now()
    held = Run.objects.filter(pk=run.pk, fence=run.fence, status=RunStatus.RUNNING)
    status = RunStatus.WAITING if delay else RunStatus.QUEUED
    free = {"status": status, "wake_at": now + delay, "worker": "", "waiting_for": waiting_for}
    paused = {"status": RunStatus.PAUSED, "wake_at": None, "worker": "", "paused_at": now}
    held.filter(paused_at=None).update(**free) or held.filter(paused_at__isnull=False).update(**paused)
    doorbell.ring()


@verb
def suspend(run: Run, *, wake_at: datetime | None, waiting_for: str) -> None:
    """Give the worker back until `wake_at`, or until somebody sets one."""
    now = clock.now()
    if not write(_SUSPEND, (waiting_for, wake_at and instant(wake_at), instant(now), run.pk, run.fence)):
        raise Stopped


@verb
def succeed(run: Run, output: str) -> None:
    _finish(run, RunStatus.SUCCEEDED, output=output, error=None)


@verb
def fail(run: Run, error: dict[str, Any]) -> None:
    _finish(run, RunStatus.FAILED, output=None, error=error)


@verb
def set_progress(run: Run, done: int, total: int | None) -> None:
    statement = "UPDATE workflows_run SET progress_done = %s, progress_total = %s WHERE id = %s AND fence = %s"
    if not write(statement, (done, total, run.pk, run.fence)):
        raise Stopped


@verb
def note_loss(run: Run, *, position: int) -> int:
    """Count a worker lost while replaying against the first unfinished step; return how many in a row."""
    run.lost = run.lost if run.lost_position == position else 1
    run.lost_position = position
    Run.objects.filter(pk=run.pk, fence=run.fence).update(lost=run.lost, lost_position=position)
    return run.lost


def hold(run: Run) -> None:
    """Lock the run inside a transaction, or raise Unwind if the claim is gone."""
    held = Run.objects.select_for_update().filter(pk=run.pk, fence=run.fence, status=RunStatus.RUNNING)
    if held.values_list("pk").first() is None:
        raise Stopped


def next_wake() -> datetime | None:
    """Return when the next run is due, which may be past."""
    found: datetime | None = Run.objects.filter(wake_at__isnull=False).aggregate(next=Min("wake_at"))["next"]
    return found


def _finish(run: Run, status: RunStatus, *, output: str | None, error: dict[str, Any] | None) -> None:
    now = clock.now()
    params = (status.value, output, error and json.dumps(error), instant(now), run.pk, run.fence)
    if run.parent_id is None:
        if not write(_FINISH_ALONE, params):
            raise Stopped
    else:
        with transaction.atomic():
            wake_parent(run)
            inside_finish()
            if not write(_FINISH, params):
                raise Stopped
        doorbell.ring()
    emit(f"run.{status.value}", workflow=run.workflow, run=run.pk)


inside_finish = inside("runs.finish")


def wake_parent(run: Run) -> None:
    """Let the parent look at its child again; locks the parent, and so comes before any lock on the child."""
    parent = Run.objects.select_for_update().get(pk=run.parent_id)
    if parent.status == RunStatus.WAITING and parent.waiting_for == f"child {run.pk}":
        Run.objects.filter(pk=parent.pk).update(wake_at=clock.now())
