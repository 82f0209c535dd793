from datetime import timedelta
from typing import ClassVar, Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

SILENCE = timedelta(seconds=30)
"""A worker that has not reported for so long counts as missing."""


class WorkerQuerySet(models.QuerySet["Worker"]):
    def alive(self) -> Self:
        return self.filter(heartbeat_at__gt=timezone.now() - SILENCE)

    def silent(self) -> Self:
        return self.filter(heartbeat_at__lte=timezone.now() - SILENCE)


class Worker(models.Model):
    """A worker's supervisor and the last time its cluster proved, by doing a job, that it works."""

    name = models.CharField(_("name"), max_length=100, unique=True, help_text=_("Host, process and a random part."))
    started_at = models.DateTimeField(_("started at"))
    heartbeat_at = models.DateTimeField(_("last heartbeat at"), null=True, db_index=True)

    objects: ClassVar[models.Manager["Worker"]] = WorkerQuerySet.as_manager()

    class Meta:
        verbose_name = _("worker")
        verbose_name_plural = _("workers")
        ordering = ["-heartbeat_at"]

    def __str__(self) -> str:
        return self.name

    def is_alive(self) -> bool:
        return self.heartbeat_at is not None and self.heartbeat_at > timezone.now() - SILENCE
