from datetime import timedelta

from accounts import mail, onboarding, sessions
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


@engine.workflow("clear sessions")
def clear_sessions(step: engine.Steps) -> int:
    """Delete sessions that are over; return how many."""
    before, deleted = step.now(), 0
    while count := step.transaction("sessions", sessions.clear, before, limit=BATCH):
        deleted += count
        step.progress(deleted)
    return deleted


engine.schedule("clear sessions", clear_sessions, cron="27 3 * * *", missed="once")
