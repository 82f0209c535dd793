from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class StrayKind(models.TextChoices):
    OBJECT = "object", _("stored, but not referenced")
    ROW = "row", _("ready, but not stored")
    UNUSED = "unused", _("ready, but not attached")


class StrayQuerySet(models.QuerySet["Stray"]):
    def found_before(self, moment: datetime, *, kind: StrayKind) -> Self:
        return self.filter(kind=kind, found_at__lte=moment).order_by("found_at", "pk")


class Stray(models.Model):
    """Something a sweep found that should not exist: reported first, deleted by a later sweep that finds it again."""

    kind = models.CharField(_("kind"), max_length=10, choices=StrayKind)
    key = models.CharField(_("key"), max_length=1024, help_text=_("Of the stored object, or the upload's id."))
    size = models.PositiveBigIntegerField(_("bytes"), default=0)
    found_at = models.DateTimeField(_("first found at"))
    seen_at = models.DateTimeField(_("last found at"))

    objects = StrayQuerySet.as_manager()

    class Meta:
        verbose_name = _("stray")
        verbose_name_plural = _("strays")
        ordering = ["found_at", "pk"]
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(fields=["kind", "key"], name="uploads_stray_once"),
            models.CheckConstraint(condition=Q(kind__in=StrayKind.values), name="uploads_stray_kind"),
            models.CheckConstraint(condition=Q(found_at__lte=models.F("seen_at")), name="uploads_stray_order"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"
