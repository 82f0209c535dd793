"""Mail without a mail server: each message becomes an .eml file that superusers read in the admin."""

import email
import email.policy
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage as Message
from pathlib import Path
from typing import Any, Self

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend


class FolderBackend(BaseEmailBackend):
    """Write messages into `folder` as whole .eml files, named so that they sort by time."""

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
        return len(email_messages)


@dataclass(frozen=True)
class StoredMail:
    name: str
    subject: str
    to: str
    date: datetime
    text: str

    @classmethod
    def newest(cls, folder: Path, *, limit: int = 200) -> list[Self]:
        names = sorted((file.name for file in folder.glob("*.eml")), reverse=True) if folder.is_dir() else []
        found = (cls.read(folder, name=name) for name in names[:limit])
        return [mail for mail in found if mail]

    @classmethod
    def read(cls, folder: Path, *, name: str) -> Self | None:
        """Return the mail stored under exactly this file name, or None."""
        file = next((file for file in folder.glob("*.eml") if file.name == name), None)
        if file is None:
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
