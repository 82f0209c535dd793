from datetime import timedelta

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from todos.models.locking import Lockable
from todos.refusals import TrashedTooLong

TRASH_KEEPS = timedelta(days=30)
"""How long what is in the trash can be restored; after that it is deleted at night."""


class Trashable(Lockable):
    """What somebody made and somebody may put in the trash; people may go, what they did stays."""

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
        verbose_name=_("put in the trash by"),
    )

    class Meta:
        abstract = True

    def refuse_if_overdue(self) -> None:
        """Raise TrashedTooLong for what may be half deleted already; the caller holds the row's lock."""
        if self.trashed_at and self.trashed_at <= timezone.now() - TRASH_KEEPS:
            raise TrashedTooLong
