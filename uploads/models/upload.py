from __future__ import annotations

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.db.models import Q
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from project.lib.locking import lock
from uploads import refusals, targets
from uploads.kinds import Type
from uploads.models.queries import State, UploadQuerySet
from uploads.models.usage import Usage
from uploads.reasons import Reason
from uploads.stores import store
from uploads.verifying import clean_name
from workflows import engine

if TYPE_CHECKING:
    from accounts.models import User

VERIFY = "verify upload"
RECHECK = "check upload again"
PUT_WITHIN = timedelta(seconds=120)
"""How long an address for sending a file works."""
SLACK = timedelta(minutes=1)
REMOVE = "removed uploads"


class NotUploaded(Exception):
    """The bytes are not in the store yet."""


_KEPT = Q(deleted_at=None)
_SETTLED = _KEPT & Q(completed_at__isnull=False, settled_at__isnull=False)


class Upload(models.Model):
    """A member's file: declared, then sent to the store by the browser, then checked; only `ready` ones are served."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="uploads", verbose_name=_("owner")
    )
    name = models.CharField(_("name"), max_length=255)
    type = models.CharField(_("type"), max_length=32, choices=Type)
    size = models.PositiveBigIntegerField(_("size"), help_text=_("In bytes, as declared."))
    target_kind = models.CharField(_("meant for"), max_length=20)
    target_id = models.CharField(_("its id"), max_length=40)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.PENDING)
    reason = models.CharField(_("reason"), max_length=20, blank=True, choices=Reason)
    created_at = models.DateTimeField(_("created at"), default=timezone.now)
    completed_at = models.DateTimeField(_("completed at"), null=True)
    settled_at = models.DateTimeField(_("settled at"), null=True, help_text=_("When it became ready or was rejected."))
    thumbnails_at = models.DateTimeField(_("thumbnails made at"), null=True)
    deleted_at = models.DateTimeField(_("deleted at"), null=True)
    rechecked_at = models.DateTimeField(_("checked again at"), null=True)
    finding = models.CharField(_("found at that check"), max_length=20, blank=True, choices=Reason)
    stored_size = models.PositiveBigIntegerField(_("stored size"), null=True, help_text=_("In bytes."))
    sha256 = models.CharField("SHA-256", max_length=64, blank=True)
    width = models.PositiveIntegerField(_("width"), null=True)
    height = models.PositiveIntegerField(_("height"), null=True)

    objects = UploadQuerySet.as_manager()

    class Meta:
        verbose_name = _("upload")
        verbose_name_plural = _("uploads")
        ordering = ["-created_at", "pk"]
        default_permissions = ("view", "change")  # who may change may have it checked again, and see it
        indexes = [
            models.Index(fields=["owner", "target_kind", "target_id"], name="uploads_upload_of"),
            models.Index(fields=["state", "created_at"], name="uploads_upload_state"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(type__in=Type.values), name="uploads_upload_type"),
            models.CheckConstraint(condition=Q(size__gt=0), name="uploads_upload_size"),
            models.CheckConstraint(
                condition=(Q(state=State.PENDING, completed_at=None, settled_at=None) & _KEPT)
                | (Q(state=State.VERIFYING, completed_at__isnull=False, settled_at=None) & _KEPT)
                | (Q(state__in=(State.READY, State.REJECTED)) & _SETTLED)
                | Q(state=State.DELETED, deleted_at__isnull=False),
                name="uploads_upload_state",
            ),
            models.CheckConstraint(
                condition=(Q(state=State.REJECTED) & ~Q(reason=""))
                | (Q(state__in=(State.PENDING, State.VERIFYING, State.READY), reason=""))
                | Q(state=State.DELETED),
                name="uploads_upload_reason",
            ),
            models.CheckConstraint(
                condition=~Q(state=State.READY) | (Q(stored_size__gt=0) & ~Q(sha256="")), name="uploads_upload_stored"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    # --- Where it lies -----------------------------------------------------------------------------------------------

    @property
    def incoming(self) -> str:
        """The key of what the browser sends; it is never served to anyone."""
        return f"incoming/{self.pk}"

    @property
    def folder(self) -> str:
        return f"uploads/{self.pk}/"

    @property
    def file(self) -> str:
        return f"{self.folder}file"

    @property
    def small(self) -> str:
        return f"{self.folder}small.webp"

    @property
    def large(self) -> str:
        return f"{self.folder}large.webp"

    @property
    def keys(self) -> tuple[str, ...]:
        return self.incoming, self.file, self.small, self.large

    @property
    def run_id(self) -> str:
        return f"verify-upload-{self.pk}"

    # --- What it is --------------------------------------------------------------------------------------------------

    @property
    def target(self) -> targets.Target:
        return targets.Target(self.target_kind, self.target_id)

    @property
    def is_picture(self) -> bool:
        return self.type != Type.PDF

    @property
    def message(self) -> str:
        """The sentence that says why it is not kept; "" for one that is."""
        return str(Reason(self.reason).explanation) if self.reason else ""

    # --- Verbs -------------------------------------------------------------------------------------------------------

    @classmethod
    def create(cls, *, name: str, size: int, type: str, target: targets.Target, by: User) -> Upload:
        """Reserve room for a file that the person may add to the target; raise Refused if it is not accepted."""
        if size < 1:
            raise refusals.empty()
        if size > settings.UPLOAD_MAX_BYTES:
            raise refusals.too_large()
        if type not in Type.values:
            raise refusals.wrong_type()
        with transaction.atomic():
            Usage.reserve(by, size)
            return cls.objects.create(
                owner=by,
                name=clean_name(name, type=type),
                size=size,
                type=type,
                target_kind=target.kind,
                target_id=target.id,
            )

    def complete(self, *, by: User | None) -> bool:
        """Start the check of what was sent; False if that was done before. Raise NotUploaded if nothing was sent."""
        if self.state == State.PENDING and store().head(self.incoming) is None:
            raise NotUploaded
        with transaction.atomic():
            self.lock()
            if self.state != State.PENDING:
                return False
            self.state, self.completed_at = State.VERIFYING, timezone.now()
            self.save(update_fields=["state", "completed_at"])
            engine.start(VERIFY, {"upload_id": self.pk}, id=self.run_id, by=by)
        return True

    def cancel(self, *, by: User) -> bool:
        """Delete what is not ready; False for what is ready, which is somebody's attachment, or deleted already."""
        with transaction.atomic():
            self.lock()
            return self.state != State.READY and self.discard(by=by)

    def discard(self, *, by: User | None) -> bool:
        """Delete it in any state; its bytes go once this is committed. The row stays for a while and says so."""
        with transaction.atomic():
            self.lock()
            if self.state == State.DELETED:
                return False
            self._end(State.DELETED, reason=Reason(self.reason) if self.reason else None)
        return True

    def lose(self, *, by: User | None) -> bool:
        """Delete a ready one whose file is lost or damaged, and tell what it is attached to; False for another."""
        with transaction.atomic():
            self.lock()
            if self.state != State.READY:
                return False
            self.discard(by=by)
            kind = targets.find(self.target_kind)
            if kind and kind.lost:
                kind.lost(self, by)
        return True

    def recheck(self, *, by: User) -> bool:
        """Have a ready file read again, and its pictures made; False for another."""
        with transaction.atomic():
            self.lock()
            if self.state != State.READY:
                return False
            number = f"{timezone.now():%Y%m%dT%H%M%S}"
            engine.start(RECHECK, {"upload_id": self.pk}, id=f"{self.run_id}-{number}", by=by)
        return True

    # --- Verbs of the check, in its transactions ---------------------------------------------------------------------

    def settle_ready(self, *, stored: dict[str, Any]) -> bool:
        """Note what is stored and attach it; False where it was settled or deleted in the meantime."""
        with transaction.atomic():
            self.lock()
            if self.state != State.VERIFYING:
                return False
            try:
                with transaction.atomic():
                    self._become_ready(stored)
            except (targets.Gone, Http404, PermissionDenied):
                self.refresh_from_db()
                self._end(State.DELETED, reason=Reason.TARGET_GONE)
            except targets.Full:
                self.refresh_from_db()
                self._end(State.REJECTED, reason=Reason.FULL)
        return True

    def settle_rejected(self, reason: Reason) -> bool:
        with transaction.atomic():
            self.lock()
            if self.state != State.VERIFYING:
                return False
            self._end(State.REJECTED, reason=reason)
        return True

    def lock(self) -> None:
        """Lock the row until the transaction ends, and take over its stored values; one that is pruned was deleted."""
        try:
            lock(self, no_key=True)
        except Upload.DoesNotExist:
            self.state = State.DELETED

    def _become_ready(self, stored: dict[str, Any]) -> None:
        self.state, self.settled_at = State.READY, timezone.now()
        for name in ("stored_size", "sha256", "width", "height"):
            setattr(self, name, stored[name])
        self.save(update_fields=["state", "settled_at", "stored_size", "sha256", "width", "height"])
        Usage.change(self.owner_id, by=stored["stored_size"] - self.size)
        self._remove_later()
        kind = targets.find(self.target_kind)
        if kind is None:
            raise targets.Gone
        kind.attach(self)

    def _end(self, state: State, *, reason: Reason | None) -> None:
        """Give back the room that it takes, and have its bytes deleted."""
        now = timezone.now()
        taken = {State.PENDING: self.size, State.VERIFYING: self.size, State.READY: self.stored_size}.get(
            State(self.state), 0
        )
        self.state, self.reason = state, reason or ""
        if state == State.DELETED:
            self.deleted_at = now
        else:
            self.settled_at = now
        self.save(update_fields=["state", "reason", "settled_at", "deleted_at"])
        Usage.change(self.owner_id, by=-(taken or 0))
        engine.send(REMOVE, {"upload_id": self.pk}, idempotency_key=f"{self.pk} {state}")
        self._remove_later()

    def _remove_later(self) -> None:
        """Have what still arrives deleted, too: the address for sending works until it expires."""
        engine.send(REMOVE, {"upload_id": self.pk}, delay=PUT_WITHIN + SLACK, idempotency_key=f"{self.pk} late")
