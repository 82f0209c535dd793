"""Rows of schedules. Only `workflows.transitions` writes them."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from workflows.models.runs import Run


class Schedule(models.Model):
    """The state of a schedule; when it fires and what it starts is declared in code (`definition` is its text)."""

    name = models.CharField(_("name"), max_length=100, primary_key=True)
    definition = models.CharField(_("definition"), max_length=200)
    next_fire_at = models.DateTimeField(_("next firing"), null=True, db_index=True)
    disabled_at = models.DateTimeField(_("switched off at"), null=True)
    disabled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, verbose_name=_("switched off by"), null=True, related_name="+"
    )

    class Meta:
        verbose_name = _("schedule")
        verbose_name_plural = _("schedules")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Firing(models.Model):
    """One firing of a schedule: the row that lets two machines fire it once."""

    schedule = models.ForeignKey(Schedule, models.CASCADE, verbose_name=_("schedule"), related_name="firings")
    fire_at = models.DateTimeField(_("due at"))
    fired_at = models.DateTimeField(_("fired at"))
    run = models.ForeignKey(Run, models.SET_NULL, verbose_name=_("run"), null=True, related_name="+")

    class Meta:
        verbose_name = _("firing")
        verbose_name_plural = _("firings")
        ordering = ["-fire_at"]
        constraints = [models.UniqueConstraint(fields=["schedule", "fire_at"], name="firing_once")]

    def __str__(self) -> str:
        return f"{self.schedule_id} {self.fire_at:%Y-%m-%d %H:%M:%S}"
