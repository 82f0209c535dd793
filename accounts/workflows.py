from datetime import timedelta

from accounts import mail
from workflows import engine


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
