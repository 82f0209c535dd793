"""Runs as people move them: safe to call twice, and audited."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F

from workflows.core import clock, codec, doorbell
from workflows.core.emit import emit
from workflows.core.errors import InvalidValue, NoSuchStep, RunOver, UnknownRun, WrongStatus
from workflows.models import AuditLine, Event, Run, RunStatus, Step, StepKind, StepStatus
from workflows.models.runs import FINISHED
from workflows.transitions import runs
from workflows.transitions.guarding import inside, verb

EVENT_TYPE_LIMIT = 100


def audit(verb: str, subject: str, subject_id: str, *, by: Any, detail: str = "") -> None:
    AuditLine.objects.create(
        at=clock.now(), actor=by, verb=verb, subject=subject, subject_id=subject_id, detail=detail[:300]
    )
    emit(f"{subject}.{verb}", subject=subject_id, by=getattr(by, "pk", None))


@verb
def send_event(
    run_id: str,
    type: str,
    payload: Any = None,
    *,
    by: Any = None,
    missing_ok: bool = False,
) -> bool:
    """Store an event for a run, before or while it waits for one; it is consumed once, in the order of arrival.

    Raise RunOver for a run that is finished, UnknownRun for none; with `missing_ok` return False instead.
    """
    if not (0 < len(type) <= EVENT_TYPE_LIMIT and type.isprintable()):
        why = f"use 1 to {EVENT_TYPE_LIMIT} printable characters"
        raise InvalidValue(what="The event's type", value=repr(type), why=why)
    text = codec.encode(payload, what="the payload")
    with transaction.atomic():
        run = Run.objects.select_for_update().only("workflow", "status", "waiting_for").filter(pk=run_id).first()
        if run is None or run.is_finished:
            if missing_ok:
                return False
            raise RunOver(run=run_id, status=run.status) if run else UnknownRun(run=run_id)
        Event.objects.create(run=run, type=type, payload=text, sent_at=clock.now(), sent_by=by)
        inside_send()
        if run.status == RunStatus.WAITING and run.waiting_for == f"event {type}":
            Run.objects.filter(pk=run.pk).update(wake_at=clock.now())
            doorbell.ring()
        emit("event.sent", workflow=run.workflow, run=run.pk, type=type)
    return True


inside_send = inside("steering.send_event")


@verb
def pause(run_id: str, *, by: Any = None) -> bool:
    """Stop a run before its next step; a step in flight finishes, the rest of a sleep or wait is kept."""
    with transaction.atomic():
        run = _locked(run_id)
        if run.status == RunStatus.PAUSED or run.paused_at:
            return False
        _require(run, "paused", RunStatus.QUEUED, RunStatus.RUNNING, RunStatus.WAITING)
        run.paused_at = clock.now()
        if run.status != RunStatus.RUNNING:
            run.status, run.wake_at = RunStatus.PAUSED, None
        run.save(update_fields=["status", "paused_at", "wake_at"])
        audit("pause", "run", run.pk, by=by)
    return True


@verb
def resume(run_id: str, *, by: Any = None) -> None:
    """Let a paused run go on with what was left of its sleep, wait or retry delay."""
    with transaction.atomic():
        run = _locked(run_id)
        if run.status == RunStatus.RUNNING and run.paused_at:  # it has not come to the pause yet
            run.paused_at = None
            run.save(update_fields=["paused_at"])
        else:
            _require(run, "resumed", RunStatus.PAUSED)
            now = clock.now()
            assert run.paused_at
            run.steps.filter(status=StepStatus.WAITING, wake_at__isnull=False).update(
                wake_at=F("wake_at") + (now - run.paused_at)
            )
            run.status, run.wake_at, run.paused_at = RunStatus.QUEUED, now, None
            run.save(update_fields=["status", "wake_at", "paused_at"])
            doorbell.ring()
        audit("resume", "run", run.pk, by=by)


@verb
def cancel(run_id: str, *, by: Any = None) -> bool:
    """End a run and its children where they are; what a step in flight still does is not recorded."""
    with transaction.atomic():
        run = _locked(run_id)
        if run.status == RunStatus.CANCELLED:
            return False
        _require(run, "cancelled", RunStatus.QUEUED, RunStatus.RUNNING, RunStatus.WAITING, RunStatus.PAUSED)
        Run.objects.filter(pk=run.pk).update(
            status=RunStatus.CANCELLED,
            fence=F("fence") + 1,
            finished_at=clock.now(),
            wake_at=None,
            paused_at=None,
            waiting_for="",
            worker="",
        )
        inside_cancel()
        for child in run.children.unfinished().values_list("pk", flat=True):
            cancel(child, by=by)
        if run.parent_id:
            runs.wake_parent(run)
            doorbell.ring()
        audit("cancel", "run", run.pk, by=by)
    return True


inside_cancel = inside("steering.cancel")


@verb
def retry(run_id: str, *, by: Any = None) -> None:
    """Let a failed run go on: results are kept, the step that ended it gets a new budget of attempts."""
    with transaction.atomic():
        run = _locked(run_id)
        _require(run, "retried", RunStatus.FAILED)
        now = clock.now()
        if step := run.steps.filter(key=(run.error or {}).get("step"), status=StepStatus.FAILED).first():
            _again(step, now=now)
            for child in run.children.filter(pk=runs.child_id(run, step.position), status=RunStatus.FAILED):
                retry(child.pk, by=by)
        inside_retry()
        Run.objects.filter(pk=run.pk).update(
            status=RunStatus.QUEUED, error=None, finished_at=None, wake_at=now, lost=0, waiting_for=""
        )
        doorbell.ring()
        audit("retry", "run", run.pk, by=by)


inside_retry = inside("steering.retry")


@verb
def restart(run_id: str, *, from_step: str | None = None, id: str | None = None, by: Any = None) -> Run:
    """Start a new run from the same input, with the results of the steps before `from_step` if that is given.

    The new run has the version that is newest now. With an `id` that exists already, return that run.
    """
    with transaction.atomic():
        run = _locked(run_id)
        _require(run, "restarted", *FINISHED)
        made = runs.new_run(run.workflow, codec.decode(run.input), id=id, by=by)
        if id is not None and (existing := Run.objects.filter(pk=id).first()):
            return existing
        kept: list[Step] = []
        if from_step is not None:
            kept = _steps_before(run, from_step)
            made.version, made.fence = run.version, 1  # a run with steps is not new; see steps.load
        made.save(force_insert=True)
        inside_restart()
        for step in kept:
            step.pk, step.run = None, made
        Step.objects.bulk_create(kept)
        doorbell.ring()
        audit("restart", "run", run.pk, by=by, detail=f"as {made.pk}" + (f" from {from_step}" if from_step else ""))
    return made


inside_restart = inside("steering.restart")


def _steps_before(run: Run, key: str) -> list[Step]:
    steps = list(run.steps.order_by("position"))
    keys = [step.key for step in steps]
    if key not in keys:
        raise NoSuchStep(run=run.pk, step=key, known=", ".join(keys) or "none")
    return steps[: keys.index(key)]


def _again(step: Step, *, now: datetime) -> None:
    """Give the step a new budget of attempts, and a wait its whole time."""
    waited = (step.finished_at or now) - step.started_at if step.kind == StepKind.EVENT else timedelta(0)
    step.status, step.wake_at, step.error, step.finished_at = StepStatus.WAITING, now + waited, None, None
    step.started_at = now
    step.uncounted = step.attempt
    step.save(update_fields=["status", "wake_at", "error", "started_at", "finished_at", "uncounted"])


def _locked(run_id: str) -> Run:
    """Lock the parent, then the run."""
    parent = Run.objects.filter(pk=run_id).values_list("parent", flat=True).first()
    if parent:
        Run.objects.select_for_update().filter(pk=parent).first()  # where it is pruned meanwhile, so is the run
    run = Run.objects.select_for_update().filter(pk=run_id).first()
    if run is None:
        raise UnknownRun(run=run_id)
    return run


def _require(run: Run, verb: str, *allowed: RunStatus | str) -> None:
    if run.status not in allowed:
        raise WrongStatus(run=run.pk, status=run.status, allowed=" or ".join(allowed), verb=verb)
