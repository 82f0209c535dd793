from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

KEEP = timedelta(days=7)
PATIENCE = timedelta(days=1)
"""An export that is not ready by then has failed: its run was cancelled or lost."""
FOLDER = "exports"


class DataExportQuerySet(models.QuerySet["DataExport"]):
    def open(self) -> Self:
        return self.filter(ended_at=None)

    def overdue(self, now: datetime) -> Self:
        return self.open().filter(Q(expires_at__lte=now) | Q(expires_at=None, asked_at__lte=now - PATIENCE))


class DataExport(models.Model):
    """A person's data as one file; open from when it is asked for until its file is deleted."""

    key = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="data_exports", verbose_name=_("person")
    )
    asked_at = models.DateTimeField(_("requested at"), default=timezone.now)
    file = models.CharField(_("file"), max_length=200, blank=True)
    size = models.PositiveBigIntegerField(_("bytes"), default=0)
    expires_at = models.DateTimeField(_("expires at"), null=True)
    ended_at = models.DateTimeField(_("ended at"), null=True)
    failed = models.BooleanField(_("failed"), default=False)

    objects = DataExportQuerySet.as_manager()

    class Meta:
        verbose_name = _("data export")
        verbose_name_plural = _("data exports")
        ordering = ["-asked_at"]
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_at=None, file="") | (Q(expires_at__isnull=False) & ~Q(file="")),
                name="data_export_ready",
            ),
            models.CheckConstraint(
                condition=Q(failed=False) | Q(ended_at__isnull=False, expires_at=None), name="data_export_failed"
            ),
            models.UniqueConstraint(fields=["person"], condition=Q(ended_at=None), name="data_export_open_once"),
        ]

    def __str__(self) -> str:
        return str(self.key)

    @property
    def run_id(self) -> str:
        return f"export-data-{self.key}"

    @property
    def file_name(self) -> str:
        """Return where the file is stored, once it is written."""
        return f"{FOLDER}/{self.key}.zip"

    def is_ready(self) -> bool:
        return self.ended_at is None and self.expires_at is not None and self.expires_at > timezone.now()
