"""Workflows of uploads: checking one, deleting bytes, and finding each night what should not exist."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from uploads import checking, sweeping
from uploads.models import State
from uploads.models.upload import RECHECK, REMOVE, VERIFY
from uploads.reasons import Reason
from workflows import engine

PATIENCE = engine.Retry(limit=9, delay=timedelta(seconds=8))  # 68 minutes in all
READING = timedelta(minutes=3)  # the decoder itself gives up after one
BATCH = 100
PARTS = 1000
_ENDS = {  # steps by name, as runs have stored them
    "abandon": sweeping.abandon,
    "end stuck": sweeping.end_stuck,
    "dismiss rejected": sweeping.dismiss_rejected,
    "forget deleted": sweeping.forget_deleted,
}


@engine.workflow(VERIFY)
def verify_upload(step: engine.Steps, *, upload_id: UUID) -> str:
    """Read what a browser sent, and make it ready or reject it; then make the pictures that pages show."""
    try:
        found = step.do("look", checking.look, upload_id, retry=PATIENCE, timeout=READING)
        if "reason" not in found:
            found = step.do("examine", checking.examine, upload_id, **found, retry=PATIENCE, timeout=READING)
    except engine.WorkerLost:
        found = {"reason": Reason.TOO_COMPLEX.value}
    except engine.StepFailed as failure:
        reason = Reason.TOO_COMPLEX if failure.type == "DecoderError" else Reason.STORE_FAILED
        found = {"reason": reason.value}
    state: str = step.transaction("settle", checking.settle, upload_id, found)
    _despite_failure(step, "clear", checking.remove, upload_id)  # the sweep finds what is left
    if state == State.READY:
        _despite_failure(step, "thumbnails", checking.make_thumbnails, upload_id)
    return state


@engine.workflow(RECHECK)
def recheck_upload(step: engine.Steps, *, upload_id: UUID) -> str:
    """Read a ready file again and note what was found; make its pictures again."""
    finding: str = step.do("read", checking.reread, upload_id, retry=PATIENCE, timeout=READING)
    step.transaction("note", checking.note, upload_id, finding=finding, now=step.now())
    if not finding:
        _despite_failure(step, "thumbnails", checking.make_thumbnails, upload_id)
    return finding


def _despite_failure(step: engine.Steps, name: str, function: Any, upload_id: UUID, **more: Any) -> None:
    """Do a step that the upload does not depend on; a failure stays in the run's history."""
    try:
        step.do(name, function, upload_id, **more, retry=PATIENCE, timeout=READING)
    except engine.StepFailed as failure:
        checking.log.warning("Upload %s continues without step %r: %s", upload_id, name, failure)


@engine.consumer(REMOVE, max_retries=9, retry_delay=lambda attempt: timedelta(seconds=8 << attempt), dead_letter=False)
def remove_uploads(batch: engine.Batch) -> None:
    """Delete the bytes of rejected or deleted uploads. If the store stays down, the sweep finds them later."""
    for delivery in batch:
        checking.remove(delivery.body["upload_id"])
        delivery.ack()


@engine.workflow("sweep uploads")
def sweep_uploads(step: engine.Steps) -> dict[str, int]:
    """End what was never completed; report what is stored without a row and the other way round, then delete it."""
    now = step.now()
    counts: dict[str, int] = {}
    for name, end in _ENDS.items():
        for _part in range(PARTS):
            done = step.transaction(name, end, now, limit=BATCH)
            counts[name] = counts.get(name, 0) + done
            if done < BATCH:
                break
    counts |= step.do("report", sweeping.report, now, timeout=timedelta(minutes=30))
    counts |= step.do("delete", sweeping.delete, now, timeout=timedelta(minutes=30))
    return counts


@engine.workflow("reconcile usage")
def reconcile_usage(step: engine.Steps) -> int:
    """Count again what each member's uploads take; return how many were noted wrongly."""
    owners = step.do("find owners", sweeping.owners)
    wrong = step.map("count", sweeping.reconcile, owners, batch=BATCH, in_transaction=True)
    return sum(wrong)


engine.schedule("sweep uploads", sweep_uploads, cron="17 4 * * *", missed="once")
engine.schedule("reconcile usage", reconcile_usage, cron="47 4 * * *", missed="once")
