from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings

from accounts import audit, extensions, invitations, mail, sessions
from accounts.invitations import onboarding
from accounts.leaving import deleting, exporting, purging
from accounts.models import PurgeStatus
from accounts.models.export import FOLDER, KEEP
from accounts.models.purge import DECIDED, WORKFLOW
from accounts.signing_in import resetting
from workflows import engine

BATCH = 500
EXPORT_WITHIN = timedelta(hours=2)  # with all files of a member, from and to a bucket


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
        if failure.type != "Blocked":  # the name of the error, as runs have stored it
            raise
        step.transaction("block", purging.block, request_id, hindrance=failure.message)
        return PurgeStatus.BLOCKED.value
    purge(step, person_id)
    step.transaction("finish", purging.finish, request_id)
    return PurgeStatus.PURGED.value


def purge(step: engine.Steps, person_id: int) -> None:
    """Delete everything of a person who is shut out, except the person."""
    for extension in extensions.joined():
        extension.purge(step, person_id)
    step.do("exports", exporting.forget_files, person_id)
    step.do("sessions", purging.forget_sessions, person_id, limit=BATCH)
    step.transaction("mails", purging.forget_mails, person_id)
    while step.transaction("audit", audit.forget, person_id, limit=BATCH):
        pass
    while step.transaction("deeds", purging.forget_deeds, person_id, limit=BATCH):
        pass


@engine.workflow(exporting.WORKFLOW)
def export_data(step: engine.Steps, *, key: UUID) -> str:
    """Write the person's data into a file, mail the link, delete the file after a week."""
    name = f"{FOLDER}/{key}.zip"
    try:
        written = step.do("write", exporting.write, key, timeout=EXPORT_WITHIN)
    except engine.StepFailed:
        step.do("delete file", exporting.delete_file, name)
        step.transaction("fail", exporting.end, key, now=step.now(), failed=True)
        return "failed"
    if written and step.transaction("offer", exporting.offer, key, **written, now=step.now()):
        step.sleep("keep", KEEP)
    step.do("delete file", exporting.delete_file, written["file"] if written else name)
    step.transaction("end", exporting.end, key, now=step.now())
    return "done"


@engine.workflow("forget exports")
def forget_exports(step: engine.Steps) -> int:
    """Delete the files of exports whose run was cancelled or failed; return how many exports."""
    forgotten: int = step.do("forget", exporting.forget_overdue, step.now())
    return forgotten


@engine.workflow(deleting.WORKFLOW)
def delete_account(step: engine.Steps, *, person_id: int, until: datetime, heirs: list[deleting.Heir]) -> str:
    """Wait 14 days for the person to cancel, then delete them with all their data. No result names the person."""
    for name, end in (("first days", until - deleting.WARN_BEFORE), ("last days", until)):
        with suppress(engine.WaitTimedOut):
            step.wait_for_event(name, deleting.CANCELLED, timeout=max(end - step.now(), timedelta(0)))
            step.transaction("stop", deleting.stop, person_id, until=until)
            return "cancelled"
        if name == "first days":
            step.transaction("warn", deleting.warn, person_id, until=until, heirs=heirs)
    try:
        if not step.transaction("shut out", deleting.shut_out, person_id, until=until, heirs=heirs):
            return "cancelled"
    except engine.StepFailed as failure:
        if failure.type != "Blocked":  # the name of the error, as runs have stored it
            raise
        step.transaction("block", deleting.block, person_id, until=until)
        return "blocked"
    purge(step, person_id)
    step.transaction("finish", deleting.finish, person_id)
    return "deleted"


@engine.workflow("stop deletions")
def stop_deletions(step: engine.Steps) -> int:
    """Keep the accounts whose deletion was ended by an operator; return how many."""
    found = step.do("find", deleting.abandoned)
    return sum(step.transaction("stop", deleting.stop, person_id, until=until) for person_id, until in found)


@engine.workflow("clear sessions")
def clear_sessions(step: engine.Steps) -> int:
    """Delete expired sessions; return how many."""
    return _in_batches(step, "sessions", sessions.clear, before=step.now())


@engine.workflow("prune audit")
def prune_audit(step: engine.Steps) -> int:
    """Delete audit events older than settings.AUDIT_KEEP; return how many."""
    return _in_batches(step, "events", audit.prune, before=step.now() - settings.AUDIT_KEEP)


@engine.workflow("prune invitations")
def prune_invitations(step: engine.Steps) -> int:
    """Delete invitations that ended a while ago; return how many."""
    return _in_batches(step, "invitations", invitations.prune, before=step.now() - invitations.KEEP)


def _in_batches(step: engine.Steps, name: str, delete: Callable[..., int], *, before: datetime) -> int:
    deleted = 0
    while count := step.transaction(name, delete, before, limit=BATCH):
        deleted += count
        step.progress(deleted)
    return deleted


engine.schedule("prune invitations", prune_invitations, cron="47 3 * * *", missed="once")
engine.schedule("prune audit", prune_audit, cron="41 3 * * *", missed="once")
engine.schedule("forget exports", forget_exports, cron="47 3 * * *", missed="once")
engine.schedule("stop deletions", stop_deletions, cron="17 3 * * *", missed="once")
engine.schedule("clear sessions", clear_sessions, cron="27 3 * * *", missed="once")
