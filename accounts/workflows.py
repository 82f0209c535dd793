from contextlib import suppress
from datetime import datetime, timedelta

from django.conf import settings

from accounts import auditing, mail, onboarding, purging, resetting, sessions
from accounts.models import PurgeStatus
from accounts.models.purge import DECIDED, WORKFLOW
from workflows import engine

BATCH = 500


@engine.consumer(
    mail.QUEUE,
    max_batch_size=1,  # a server that hangs delays one mail, not ten
    max_retries=mail.ATTEMPTS - 1,
    retry_delay=mail.retry_delay,
    timeout=timedelta(seconds=30),
)
def deliver_mails(batch: engine.Batch) -> None:
    for delivery in batch:
        mail.deliver(delivery.body)


@engine.consumer(resetting.QUEUE, max_batch_size=1, max_retries=mail.ATTEMPTS - 1, retry_delay=mail.retry_delay)
def send_password_links(batch: engine.Batch) -> None:
    for delivery in batch:
        resetting.send_link(delivery.body["person"])


@engine.workflow(onboarding.WORKFLOW)
def onboard(step: engine.Steps, *, user_id: int, send_link: bool) -> str:
    """Welcome a new person; after three days without a completed to-do, send a tip."""
    if send_link:
        step.transaction("welcome", onboarding.welcome, user_id)
    try:
        step.wait_for_event("first completion", onboarding.COMPLETED, timeout=onboarding.PATIENCE)
    except engine.WaitTimedOut:
        told = step.transaction("tip", onboarding.tip, user_id, had_link=send_link)
        return "tip sent" if told else "no tip"
    return "found the way"


@engine.workflow(WORKFLOW)
def purge_member(step: engine.Steps, *, request_id: int, until: datetime) -> str:
    """Wait for a second operator, then delete a person with all their data. No step's result names the person."""
    status: str = PurgeStatus.WAITING
    while status == PurgeStatus.WAITING:
        with suppress(engine.WaitTimedOut):  # what counts stands in the request: somebody may have been faster
            step.wait_for_event("decision", DECIDED, timeout=max(until - step.now(), timedelta(0)))
        status = step.transaction("settle", purging.settle, request_id, now=step.now())
    if status != PurgeStatus.APPROVED:
        return status
    try:
        person_id = step.transaction("shut out", purging.shut_out, request_id)
    except engine.StepFailed as failure:
        if failure.type != purging.Blocked.__name__:
            raise
        step.transaction("block", purging.block, request_id, hindrance=failure.message)
        return PurgeStatus.BLOCKED.value
    for part in purging.parts():
        part.purge(step, person_id)
    step.do("sessions", purging.forget_sessions, person_id, limit=BATCH)
    step.transaction("mails", purging.forget_mails, person_id)
    while step.transaction("deeds", purging.forget_deeds, person_id, limit=BATCH):
        pass
    step.transaction("finish", purging.finish, request_id)
    return PurgeStatus.PURGED.value


@engine.workflow("clear sessions")
def clear_sessions(step: engine.Steps) -> int:
    """Delete sessions that are over; return how many."""
    before, deleted = step.now(), 0
    while count := step.transaction("sessions", sessions.clear, before, limit=BATCH):
        deleted += count
        step.progress(deleted)
    return deleted


@engine.workflow("prune audit")
def prune_audit(step: engine.Steps) -> int:
    """Delete audit events older than settings.AUDIT_KEEP; return how many."""
    before, deleted = step.now() - settings.AUDIT_KEEP, 0
    while count := step.transaction("events", auditing.prune, before, limit=BATCH):
        deleted += count
        step.progress(deleted)
    return deleted


engine.schedule("prune audit", prune_audit, cron="41 3 * * *", missed="once")
engine.schedule("clear sessions", clear_sessions, cron="27 3 * * *", missed="once")
