"""settings.SESSION_ENGINE: sessions in the database, each with its person and its last visit."""

from datetime import timedelta
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.utils import timezone

from accounts.models import Session
from accounts.models.session import SIGNED_IN

SEEN_EVERY = timedelta(minutes=5)


class SessionStore(DatabaseStore):
    row: Session | None = None  # as it was read

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def flush(self) -> None:
        super().flush()
        self.row = None

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        row = super().create_model_instance(data)
        assert isinstance(row, Session)
        row.user_id = data.get(SESSION_KEY)
        if self.row:
            row.seen_at, row.address = self.row.seen_at, self.row.address
        else:
            row.address = data.get(SIGNED_IN, {}).get("address")
        return row

    def note_visit(self, *, address: str | None) -> bool:
        """Note when and from where the session was last seen, if the last note is old; return whether it was.

        In the row alone: to save the session would undo what another request puts into it at the same time.
        """
        now = timezone.now()
        if not self.row or self.row.user_id is None or now - self.row.seen_at < SEEN_EVERY:
            return False
        self.row.seen_at, self.row.address = now, address
        old = Session.objects.filter(pk=self.session_key, seen_at__lte=now - SEEN_EVERY)
        return bool(old.update(seen_at=now, address=address))

    def _get_session_from_db(self) -> Session | None:
        self.row = super()._get_session_from_db()  # type: ignore[misc] # not in the stubs
        return self.row
