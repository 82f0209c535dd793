from accounts import mail


def deliver_mail(*, message: dict[str, str], key: str, attempt: int = 1) -> None:
    mail.deliver(message, key=key, attempt=attempt)
