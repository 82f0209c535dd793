from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from todos.models.activity import Changes, Verb
from todos.models.locking import Lockable
from todos.refusals import TrashedTooLong

if TYPE_CHECKING:
    from accounts.models import User

TRASH_KEEPS = timedelta(days=30)
"""How long things in the trash can be restored; after that they are deleted at night."""


class Trashable(Lockable):
    """Something that can be moved to the trash. Its people may be deleted; what they did is kept."""

    TRASHED: ClassVar[Verb]
    RESTORED: ClassVar[Verb]

    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("created by"),
    )
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)
    trashed_at = models.DateTimeField(_("in the trash since"), null=True, editable=False)
    trashed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("moved to the trash by"),
    )

    class Meta:
        abstract = True

    def trash(self, *, by: User) -> bool:
        """Move it to the trash, where it keeps its place; return False if it is there already."""
        with transaction.atomic():
            self.lock()
            if self.trashed_at:
                return False
            now = timezone.now()
            self._change(self.TRASHED, by=by, now=now, trashed_at=now, trashed_by=by)
        return True

    def restore(self, *, by: User) -> bool:
        """Take it out of the trash; return False if it is not there."""
        with transaction.atomic():
            self._lock_to_restore()
            if not self.trashed_at:
                return False
            self._change(self.RESTORED, by=by, now=timezone.now(), trashed_at=None, trashed_by=None)
        return True

    def _lock_to_restore(self) -> None:
        """Lock the row; raise TrashedTooLong for what may be half deleted already."""
        self.lock()
        if self.trashed_at and self.trashed_at <= timezone.now() - TRASH_KEEPS:
            raise TrashedTooLong

    def _change(
        self, verb: Verb, *, by: User | None, now: datetime, changes: Changes | None = None, **values: Any
    ) -> None:
        """Set and save the values, and write what was done into the history."""
        for name, value in values.items():
            setattr(self, name, value)
        self.save(update_fields=list(values))
        self._record(verb, by=by, at=now, changes=changes)

    def _record(self, verb: Verb, *, by: User | None, at: datetime, changes: Changes | None = None) -> None:
        raise NotImplementedError
