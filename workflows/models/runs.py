"""Rows of runs. Only `workflows.transitions` writes them."""

from datetime import datetime, timedelta
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class RunStatus(models.TextChoices):
    QUEUED = "queued", _("queued")
    RUNNING = "running", _("running")
    WAITING = "waiting", _("waiting")
    PAUSED = "paused", _("paused")
    SUCCEEDED = "succeeded", _("succeeded")
    FAILED = "failed", _("failed")
    CANCELLED = "cancelled", _("cancelled")


FINISHED = (RunStatus.SUCCEEDED, RunStatus.FAILED, RunStatus.CANCELLED)


class RunQuerySet(models.QuerySet["Run"]):
    def finished(self) -> Self:
        return self.filter(status__in=FINISHED)

    def unfinished(self) -> Self:
        return self.exclude(status__in=FINISHED)

    def in_status(self, status: str) -> Self:
        found = self.filter(status=status)
        # SQLite uses the index, which leaves out the succeeded, only where the query says so in the same words.
        return found if status == RunStatus.SUCCEEDED else found.exclude(status=RunStatus.SUCCEEDED)

    def due_before(self, moment: datetime) -> Self:
        return self.filter(wake_at__isnull=False, wake_at__lt=moment)

    def without_code(self, now: datetime) -> Self:
        """Return runs that no worker has the code of; they are looked at again and again, so all are due soon."""
        soon = now + timedelta(minutes=1)
        return self.due_before(soon).filter(status=RunStatus.WAITING, waiting_for__startswith="code of ")


class Run(models.Model):
    """One execution of a workflow.

    `wake_at` is when a worker looks at the run next, and all there is to look for: the time a queued run is due, the
    end of the lease while a worker holds it, the end of a sleep, wait or retry delay; none for runs that only a
    person or a child can move. `fence` grows with each claim, and each write of a worker checks it.
    """

    id = models.CharField(_("id"), max_length=100, primary_key=True)
    workflow = models.CharField(_("workflow"), max_length=100)
    version = models.PositiveIntegerField(_("version"))
    status = models.CharField(_("status"), max_length=10, choices=RunStatus)
    input = models.TextField(_("input"))
    output = models.TextField(_("output"), null=True)  # noqa: DJ001 - none is no output
    error = models.JSONField(_("error"), null=True)
    sensitive = models.BooleanField(_("sensitive"), default=False, help_text=_("Input and output are not shown."))
    created_at = models.DateTimeField(_("created at"))
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        verbose_name=_("created by"),
        null=True,
        related_name="+",
    )
    started_at = models.DateTimeField(_("started at"), null=True)
    finished_at = models.DateTimeField(_("finished at"), null=True)
    paused_at = models.DateTimeField(_("paused at"), null=True)
    wake_at = models.DateTimeField(_("wakes at"), null=True)
    waiting_for = models.CharField(_("waiting for"), max_length=300, blank=True)
    worker = models.CharField(_("worker"), max_length=120, blank=True)
    fence = models.PositiveIntegerField(_("fence"), default=0)
    lost = models.PositiveSmallIntegerField(_("workers lost"), default=0, help_text=_("Consecutive, while replaying."))
    lost_position = models.PositiveIntegerField(default=0)
    parent = models.ForeignKey("self", models.CASCADE, verbose_name=_("parent"), null=True, related_name="children")
    progress_done = models.PositiveIntegerField(_("done"), null=True)
    progress_total = models.PositiveIntegerField(_("total"), null=True)

    objects: ClassVar[models.Manager["Run"]] = RunQuerySet.as_manager()

    class Meta:
        verbose_name = _("run")
        verbose_name_plural = _("runs")
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(condition=Q(status__in=RunStatus.values), name="run_status_known"),
            models.CheckConstraint(
                condition=Q(status__in=FINISHED, finished_at__isnull=False, wake_at=None)
                | (~Q(status__in=FINISHED) & Q(finished_at=None)),
                name="run_finished_or_not",
            ),
        ]
        indexes = [
            models.Index(fields=["wake_at"], name="run_wake_at", condition=Q(wake_at__isnull=False)),
            models.Index(fields=["-created_at"], name="run_created_at"),
            models.Index(fields=["workflow", "-created_at"], name="run_workflow"),
            models.Index(fields=["status", "-created_at"], name="run_status", condition=~Q(status=RunStatus.SUCCEEDED)),
            models.Index(fields=["finished_at"], name="run_finished_at", condition=Q(finished_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.workflow} {self.id}"

    @property
    def is_finished(self) -> bool:
        return self.status in FINISHED


class StepKind(models.TextChoices):
    DO = "do", _("do")
    TRANSACTION = "transaction", _("transaction")
    SLEEP = "sleep", _("sleep")
    EVENT = "event", _("wait for event")
    CHILD = "child", _("child")
    VALUE = "value", _("value")


class StepStatus(models.TextChoices):
    RUNNING = "running", _("running")
    WAITING = "waiting", _("waiting")
    SUCCEEDED = "succeeded", _("succeeded")
    FAILED = "failed", _("failed")


class Step(models.Model):
    """A named unit of a run, at its position; its result is recorded once.

    `wake_at` is the end of a sleep, wait or retry delay, and while an attempt runs its deadline.
    `attempt` counts the tries, of which `uncounted` do not count against the retry limit: those given back by a
    worker that was told to stop, and those before an operator's retry.
    """

    # Their own indexes would double those of the constraints.
    run = models.ForeignKey(Run, models.CASCADE, verbose_name=_("run"), related_name="steps", db_index=False)
    position = models.PositiveIntegerField(_("position"))
    key = models.CharField(_("name"), max_length=270)
    kind = models.CharField(_("kind"), max_length=12, choices=StepKind)
    status = models.CharField(_("status"), max_length=10, choices=StepStatus)
    attempt = models.PositiveIntegerField(_("attempt"), default=0)
    uncounted = models.PositiveIntegerField(_("attempts that don't count"), default=0)
    config = models.TextField(_("settings"), blank=True)
    result = models.TextField(_("result"), null=True)  # noqa: DJ001 - none is no result
    error = models.JSONField(_("error"), null=True)
    sensitive = models.BooleanField(_("sensitive"), default=False)
    started_at = models.DateTimeField(_("started at"))
    finished_at = models.DateTimeField(_("finished at"), null=True)
    wake_at = models.DateTimeField(_("wakes at"), null=True)

    class Meta:
        verbose_name = _("step")
        verbose_name_plural = _("steps")
        constraints = [
            models.UniqueConstraint(fields=["run", "position"], name="step_position_unique"),
            models.CheckConstraint(condition=Q(kind__in=StepKind.values), name="step_kind_known"),
            models.CheckConstraint(condition=Q(status__in=StepStatus.values), name="step_status_known"),
        ]

    def __str__(self) -> str:
        return self.key


class Outcome(models.TextChoices):
    FAILED = "failed", _("failed")
    TIMED_OUT = "timed_out", _("timed out")
    LOST = "lost", _("worker lost")
    RELEASED = "released", _("given back")


class Attempt(models.Model):
    """A try of a step that did not succeed; the one that runs or succeeded is in the step's own row."""

    step = models.ForeignKey(Step, models.CASCADE, verbose_name=_("step"), related_name="attempts", db_index=False)
    number = models.PositiveIntegerField(_("number"))
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome)
    error = models.JSONField(_("error"))
    worker = models.CharField(_("worker"), max_length=120, blank=True)
    started_at = models.DateTimeField(_("started at"))
    finished_at = models.DateTimeField(_("finished at"))

    class Meta:
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        constraints = [
            models.UniqueConstraint(fields=["step", "number"], name="attempt_number_unique"),
            models.CheckConstraint(condition=Q(outcome__in=Outcome.values), name="attempt_outcome_known"),
        ]

    def __str__(self) -> str:
        return f"{self.step_id}#{self.number}"


class Event(models.Model):
    """A message from outside to a run: first in, first out for each type, stored before it is delivered."""

    run = models.ForeignKey(Run, models.CASCADE, verbose_name=_("run"), related_name="events")
    type = models.CharField(_("type"), max_length=100)
    payload = models.TextField(_("payload"))
    sent_at = models.DateTimeField(_("sent at"))
    sent_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, verbose_name=_("sent by"), null=True, related_name="+"
    )
    consumed_at = models.DateTimeField(_("consumed at"), null=True)
    step = models.ForeignKey(Step, models.CASCADE, verbose_name=_("step"), null=True, related_name="events")

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ["id"]

    def __str__(self) -> str:
        return self.type
