from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import addresses
from project.lib import logs

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models.user import User

LONGEST = 200
"""Characters of a detail."""


class AuditKind(models.TextChoices):
    SIGNED_IN = "signed_in", _("Signed in")
    SIGN_IN_FAILED = "sign_in_failed", _("Sign-in failed")
    LIMITED = "limited", _("Too many attempts")
    LIMIT_CLEARED = "limit_cleared", _("Limit cleared")
    SIGNED_OUT = "signed_out", _("Signed out")
    SESSION_ENDED = "session_ended", _("Session ended")
    REAUTHENTICATED = "reauthenticated", _("Re-authenticated")
    PASSWORD_CHANGED = "password_changed", _("Password changed")
    EMAIL_CHANGED = "email_changed", _("Email address changed")
    FACTOR_ADDED = "factor_added", _("Second factor added")
    FACTOR_REMOVED = "factor_removed", _("Second factor removed")
    RECOVERY_CODES_MADE = "recovery_codes_made", _("Recovery codes created")
    INVITED = "invited", _("Invitation created")
    INVITATION_REVOKED = "invitation_revoked", _("Invitation revoked")
    INVITATION_ACCEPTED = "invitation_accepted", _("Invitation accepted")
    BANNED = "banned", _("Banned")
    UNBANNED = "unbanned", _("Ban lifted")
    ROLE_CHANGED = "role_changed", _("Role changed")
    EXPORT_ASKED = "export_asked", _("Data export requested")
    DELETION_ASKED = "deletion_asked", _("Account deletion requested")
    DELETION_CANCELLED = "deletion_cancelled", _("Account deletion cancelled")
    ADMIN_ACTION = "admin_action", _("Change in the admin")


NOBODYS = (AuditKind.SIGN_IN_FAILED, AuditKind.LIMITED)
"""Kinds that never have an actor; for the others the actor may have been deleted."""


class AuditQuerySet(models.QuerySet["AuditEvent"]):
    def with_address_for(self, reader: User) -> AuditQuerySet:
        """Add `shown_address`, for what the reader or nobody known did: other people's addresses are private."""
        theirs = models.Q(actor=reader) | models.Q(actor=None, kind__in=NOBODYS)
        shown = models.Case(models.When(theirs, then="address"), default=None)
        return self.annotate(shown_address=shown)  # type: ignore[no-redef] # the model declares it for who reads it

    def update(self, **_values: Any) -> NoReturn:
        raise TypeError("Audit events are never changed.")


class AuditEvent(models.Model):
    """One security-relevant action. The table only grows, until `prune audit` drops what is old.

    A trigger refuses to change what happened; who did it (`actor`) and to whom (`person`) goes when the person goes.
    """

    kind = models.CharField(_("what"), max_length=24, choices=AuditKind, editable=False)
    at = models.DateTimeField(_("at"), default=timezone.now, editable=False)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", editable=False, verbose_name=_("by")
    )
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", editable=False, verbose_name=_("person")
    )
    address = models.GenericIPAddressField(_("address"), null=True, unpack_ipv4=True, editable=False)
    shown_address: str | None  # by `with_address_for` only
    detail = models.CharField(_("detail"), max_length=LONGEST, blank=True, editable=False)

    objects = AuditQuerySet.as_manager()

    class Meta:
        verbose_name = _("audit event")
        verbose_name_plural = _("audit")
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["person", "-id"], name="accounts_audit_person"),
            models.Index(fields=["person", "kind", "-id"], name="accounts_audit_person_kind"),
            models.Index(fields=["at"], name="accounts_audit_at"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.at:%Y-%m-%d %H:%M})"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError("Audit events are never changed.")
        super().save(*args, **kwargs)

    @classmethod
    def record(
        cls, kind: AuditKind, *, person: User | None, actor: User | AnonymousUser | None = None, detail: str = ""
    ) -> AuditEvent:
        """Record an action about `person` (None: about nobody known) by `actor`, the member of the request by default.

        `detail` is a few words for a person to read; it never holds a secret, nor a name or address of anybody.
        """
        address = addresses.current()
        return cls.objects.create(
            kind=kind,
            person=person,
            actor_id=actor.pk if actor else logs.user_id(),
            address=str(address) if address else None,
            detail=detail[:LONGEST],
        )
