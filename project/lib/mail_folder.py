"""Mail without a mail server: each message becomes an .eml file that superusers read in the admin."""

import email
import email.policy
import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage as Message
from pathlib import Path
from typing import Any, Self

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

_KEPT = 1000
_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z.-]*\.eml")


class FolderBackend(BaseEmailBackend):
    """Write messages into `folder` as .eml files whose names sort by time; keep the newest."""

    def __init__(self, *, folder: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._folder = Path(folder)

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for message in email_messages:
            name = f"{datetime.now(UTC):%Y%m%dT%H%M%S.%f}-{uuid.uuid4().hex[:8]}"
            draft = self._folder / f".{name}"
            draft.touch(mode=0o600)
            draft.write_bytes(message.message().as_bytes())
            draft.replace(self._folder / f"{name}.eml")
        for name in StoredMail.names(self._folder)[_KEPT:]:
            (self._folder / name).unlink(missing_ok=True)  # another worker may prune at the same time
        return len(email_messages)


@dataclass(frozen=True)
class StoredMail:
    name: str
    subject: str
    to: str
    date: datetime
    text: str

    @classmethod
    def names(cls, folder: Path) -> list[str]:
        """Return the names of the stored mails, newest first."""
        return sorted((file.name for file in folder.glob("[!.]*.eml")), reverse=True) if folder.is_dir() else []

    @classmethod
    def read(cls, folder: Path, *, name: str) -> Self | None:
        """Return the mail stored under exactly this file name, or None."""
        file = folder / name
        if not _NAME.fullmatch(name) or not file.is_file():
            return None
        message = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
        assert isinstance(message, Message)
        body = message.get_body(("plain",))
        return cls(
            name=name,
            subject=str(message["Subject"] or ""),
            to=str(message["To"] or ""),
            date=datetime.fromtimestamp(file.stat().st_mtime, UTC),
            text=str(body.get_content()) if body else "",
        )
