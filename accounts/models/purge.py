from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, ClassVar, Self

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.refusals import Decided, DecisionTooLate, OwnDecision, PurgeAsked, PurgeEnded, SecondOperatorNeeded
from accounts.text import validate_characters
from project.lib.locking import lock
from workflows import engine
from workflows.models import Run, RunStatus

if TYPE_CHECKING:
    from accounts.models.user import User

WORKFLOW = "purge_member"
DECIDED = "decided"
PATIENCE = timedelta(hours=24)


class PurgeStatus(models.TextChoices):
    WAITING = "waiting", _("waiting for approval")
    APPROVED = "approved", _("approved, in progress")
    REFUSED = "refused", _("refused")
    EXPIRED = "expired", _("expired, nothing was done")
    PURGED = "purged", _("done")
    BLOCKED = "blocked", _("approved, but blocked")


OPEN = (PurgeStatus.WAITING, PurgeStatus.APPROVED)


class PurgeRequestQuerySet(models.QuerySet["PurgeRequest"]):
    def open(self) -> Self:
        return self.filter(status__in=OPEN)

    def waiting(self) -> Self:
        """Those that someone can still decide."""
        return self.filter(status=PurgeStatus.WAITING, expires_at__gt=timezone.now())


class PurgeRequest(models.Model):
    """An operator's wish to delete a person with all their data, and what became of it.

    It outlives the person, and so names them by their number alone. The workflow of the same number waits for the
    decision and carries it out; what is decided stands here, the event only wakes it.
    """

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        verbose_name=_("person"),
        null=True,
        related_name="purge_requests",
    )
    person_number = models.PositiveBigIntegerField(_("person's number"))
    reason = models.CharField(_("reason"), max_length=500, validators=[validate_characters])
    status = models.CharField(_("status"), max_length=8, choices=PurgeStatus, default=PurgeStatus.WAITING)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, verbose_name=_("requested by"), null=True, related_name="+"
    )
    requested_at = models.DateTimeField(_("requested at"))
    expires_at = models.DateTimeField(_("expires at"))
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, verbose_name=_("decided by"), null=True, related_name="+"
    )
    decided_at = models.DateTimeField(_("decided at"), null=True)
    ended_at = models.DateTimeField(_("ended at"), null=True)
    hindrance = models.CharField(_("what blocked it"), max_length=500, blank=True)

    objects: ClassVar[PurgeRequestQuerySet] = PurgeRequestQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("purge request")
        verbose_name_plural = _("purge requests")
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [("purge_person", "Can ask for the purge of a person, and approve others' requests")]
        constraints = [
            models.CheckConstraint(condition=Q(status__in=PurgeStatus.values), name="purge_status_known"),
            models.CheckConstraint(
                condition=Q(status=PurgeStatus.WAITING, decided_at=None)
                | (~Q(status=PurgeStatus.WAITING) & Q(decided_at__isnull=False)),
                name="purge_decided_or_waiting",
            ),
            models.CheckConstraint(
                condition=Q(status__in=OPEN, ended_at=None) | (~Q(status__in=OPEN) & Q(ended_at__isnull=False)),
                name="purge_over_or_open",
            ),
            models.UniqueConstraint(fields=["person_number"], condition=Q(status__in=OPEN), name="purge_open_once"),
        ]

    def __str__(self) -> str:
        return str(_("Person %(number)d")) % {"number": self.person_number}

    @property
    def run_id(self) -> str:
        return f"purge-member-{self.pk}"

    @property
    def awaits_decision(self) -> bool:
        return self.status == PurgeStatus.WAITING and self.expires_at > timezone.now() and not self.is_abandoned

    @property
    def is_abandoned(self) -> bool:
        """Was its workflow ended from outside? One that failed can still be retried once it is approved."""
        over = {RunStatus.SUCCEEDED, RunStatus.CANCELLED}
        if self.status == PurgeStatus.WAITING:
            over.add(RunStatus.FAILED)
        return not Run.objects.filter(pk=self.run_id).exclude(status__in=over).exists()

    @classmethod
    def ask(cls, person: User, *, by: User, reason: str) -> PurgeRequest:
        """Store the wish and start its workflow; raises PurgeAsked where another request is open."""
        now = timezone.now()
        with transaction.atomic():
            for earlier in cls.objects.open().filter(person_number=person.pk):
                earlier.settle(now=now)
                earlier.settle_abandoned()
            made, created = cls.objects.get_or_create(
                person_number=person.pk,
                status__in=OPEN,
                defaults={
                    "person": person,
                    "status": PurgeStatus.WAITING,
                    "reason": reason,
                    "requested_by": by,
                    "requested_at": now,
                    "expires_at": now + PATIENCE,
                },
            )
            if not created:
                raise PurgeAsked
            engine.start(WORKFLOW, {"request_id": made.pk, "until": made.expires_at}, id=made.run_id, by=by)
        return made

    def decide(self, *, approve: bool, by: User) -> None:
        """Approve or refuse; raises a refusal if `by` is not able to, or no longer."""
        with transaction.atomic():
            lock(self)
            now = timezone.now()
            if self.status != PurgeStatus.WAITING:
                raise Decided(self.hindrance)
            if self.expires_at <= now:
                raise DecisionTooLate
            if by.pk == self.person_id:
                raise OwnDecision
            if approve and by.pk == self.requested_by_id:
                raise SecondOperatorNeeded
            self.status = PurgeStatus.APPROVED if approve else PurgeStatus.REFUSED
            self.decided_by, self.decided_at, self.ended_at = by, now, None if approve else now
            self.save(update_fields=["status", "decided_by", "decided_at", "ended_at"])
            if not engine.send_event(self.run_id, DECIDED, by=by, missing_ok=True):
                raise PurgeEnded

    def settle_abandoned(self) -> None:
        """Close the request if its workflow was ended from outside, so that a new one can be made."""
        with transaction.atomic():
            lock(self)
            if self.status not in OPEN or not self.is_abandoned:
                return
            now = timezone.now()
            if self.status == PurgeStatus.WAITING:
                self.status, self.decided_at = PurgeStatus.EXPIRED, now
            else:
                self.status = PurgeStatus.BLOCKED
            self.hindrance, self.ended_at = str(PurgeEnded()), now
            self.save(update_fields=["status", "decided_at", "hindrance", "ended_at"])

    def settle(self, *, now: datetime) -> str:
        """Let the request expire if nobody has decided until `now`; return the status that holds from here on."""
        with transaction.atomic():
            lock(self)
            if self.status == PurgeStatus.WAITING and self.expires_at <= now:
                self.status, self.decided_at, self.ended_at = PurgeStatus.EXPIRED, now, now
                self.save(update_fields=["status", "decided_at", "ended_at"])
        return self.status

    def end(self, status: PurgeStatus, *, hindrance: str = "") -> bool:
        """Note how an approved request ended; False if it has."""
        with transaction.atomic():
            lock(self)
            if self.status != PurgeStatus.APPROVED:
                return False
            self.status, self.hindrance, self.ended_at = status, hindrance[:500], timezone.now()
            self.save(update_fields=["status", "hindrance", "ended_at"])
        return True
