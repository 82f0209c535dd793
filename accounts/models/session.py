from datetime import UTC, datetime
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.base_session import AbstractBaseSession, BaseSessionManager
from django.db import models
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from accounts import devices
from accounts.models.user import User

SIGNED_IN = "signed_in"  # in the session's data: where and when its person signed in


class SessionQuerySet(models.QuerySet["Session"]):
    def alive(self, person: User) -> list["Session"]:
        """Return the person's valid sessions, the last seen first; at most a hundred."""
        hashes = {person.get_session_auth_hash(), *person.get_session_auth_fallback_hash()}
        rows = self.filter(user=person, expire_date__gt=timezone.now()).order_by("-seen_at")[:100]
        return [row for row in rows if row.content.get(HASH_SESSION_KEY) in hashes]


class SessionManager(BaseSessionManager.from_queryset(SessionQuerySet)):  # type: ignore[misc]
    pass


class Session(AbstractBaseSession):
    """A browser's visit. Django's session, and whose it is, where and when it was last seen."""

    # No constraint in the database: a session may be saved in the moment in which its person is deleted.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="+", db_constraint=False, editable=False
    )
    seen_at = models.DateTimeField(default=timezone.now, editable=False)
    address = models.GenericIPAddressField(null=True, unpack_ipv4=True, editable=False)

    objects: ClassVar[SessionManager] = SessionManager()

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")

    def __str__(self) -> str:
        return str(_("Session of %(device)s") % {"device": self.device})  # never the key: it lets in

    @classmethod
    def get_session_store_class(cls) -> type[SessionBase]:
        from accounts.session_store import SessionStore  # which needs this model

        return SessionStore

    @cached_property
    def content(self) -> dict[str, Any]:
        content: dict[str, Any] = self.get_decoded()
        return content

    @property
    def number(self) -> str:
        """The name of the session on pages."""
        return salted_hmac("accounts.session", self.session_key, algorithm="sha256").hexdigest()[:20]

    @property
    def device(self) -> str:
        return devices.describe(self.content.get(SIGNED_IN, {}).get("device", ""))

    @property
    def signed_in_at(self) -> datetime:
        return datetime.fromtimestamp(self.content.get(SIGNED_IN, {}).get("at", 0), UTC)
