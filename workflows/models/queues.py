"""Rows of queues. Only `workflows.transitions` writes them."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class QueueState(models.Model):
    """What operators set on a queue, and the lock of those with a limit; the queue itself is declared in code."""

    name = models.CharField(_("name"), max_length=100, primary_key=True)
    paused_at = models.DateTimeField(_("paused at"), null=True)
    paused_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, verbose_name=_("paused by"), null=True, related_name="+"
    )

    class Meta:
        verbose_name = _("queue")
        verbose_name_plural = _("queues")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class MessageQuerySet(models.QuerySet["Message"]):
    def pending(self) -> Self:
        return self.filter(due_at__isnull=False)

    def dead(self) -> Self:
        return self.filter(dead_at__isnull=False)

    def in_flight(self, queues: Iterable[str], now: datetime) -> Self:
        """Return what consumers hold now; no lease ends later than a minute from now."""
        soon = now + timedelta(minutes=1)
        return self.filter(queue__in=list(queues), due_at__isnull=False, due_at__gt=now, due_at__lt=soon).exclude(
            claim=""
        )


class Message(models.Model):
    """One unit in a queue.

    It can be claimed from `available_at` on: alone from `due_at` on, earlier in a full batch; while a consumer holds it
    (`claim`) both are the end of the lease; acknowledged and dead messages have neither.
    """

    queue = models.CharField(_("queue"), max_length=100)
    body = models.TextField(_("body"))
    idempotency_key = models.CharField(_("idempotency key"), max_length=200, null=True)  # noqa: DJ001 - none is no key
    sent_at = models.DateTimeField(_("sent at"))
    available_at = models.DateTimeField(_("available at"), null=True)
    due_at = models.DateTimeField(_("due at"), null=True)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    claim = models.CharField(_("claim"), max_length=160, blank=True)
    errors = models.JSONField(_("errors"), default=list)
    acknowledged_at = models.DateTimeField(_("acknowledged at"), null=True)
    dead_at = models.DateTimeField(_("dead at"), null=True)

    objects: ClassVar[models.Manager["Message"]] = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["queue", "idempotency_key"],
                name="message_key_unique",
                condition=Q(idempotency_key__isnull=False),
            ),
            models.CheckConstraint(
                condition=Q(due_at__isnull=False, available_at__isnull=False, acknowledged_at=None, dead_at=None)
                | Q(due_at=None, available_at=None, acknowledged_at__isnull=False, dead_at=None)
                | Q(due_at=None, available_at=None, acknowledged_at=None, dead_at__isnull=False),
                name="message_pending_acknowledged_or_dead",
            ),
        ]
        indexes = [
            models.Index(fields=["queue", "due_at"], name="message_due_at", condition=Q(due_at__isnull=False)),
            models.Index(fields=["dead_at"], name="message_dead_at", condition=Q(dead_at__isnull=False)),
            models.Index(
                fields=["acknowledged_at"],
                name="message_acknowledged_at",
                condition=Q(acknowledged_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.queue} {self.pk}"
