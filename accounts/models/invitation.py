from __future__ import annotations

import hashlib
import secrets
from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models.user import User

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager

MOST_USES = 100


class InvitationState(models.TextChoices):
    OPEN = "open", _("open")
    USED_UP = "used_up", _("used up")
    EXPIRED = "expired", _("expired")
    REVOKED = "revoked", _("revoked")
    LAPSED = "lapsed", _("inactive: the inviter can't sign in")


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def of_token(self, token: str) -> Invitation | None:
        return self.select_related("made_by").filter(digest=digest_of(token)).first()

    def in_state(self, state: str) -> Self:
        """Return those whose `Invitation.state` is this."""
        if state == InvitationState.REVOKED:
            return self.filter(revoked_at__isnull=False)
        rest = self.filter(revoked_at__isnull=True)
        if state == InvitationState.USED_UP:
            return rest.filter(uses_left=0)
        now = timezone.now()
        if state == InvitationState.EXPIRED:
            return rest.filter(uses_left__gt=0, expires_at__lte=now)
        rest = rest.filter(uses_left__gt=0, expires_at__gt=now)
        vouched = Q(made_by__in=User.objects.active())
        return rest.filter(vouched if state == InvitationState.OPEN else ~vouched)

    def open(self) -> Self:
        return self.in_state(InvitationState.OPEN)

    def over_since(self, before: datetime) -> Self:
        used_later = InvitationUse.objects.filter(invitation=models.OuterRef("pk"), used_at__gte=before)
        used_up = Q(uses_left=0) & ~models.Exists(used_later)
        return self.filter(Q(expires_at__lt=before) | Q(revoked_at__lt=before) | used_up)


class Invitation(models.Model):
    """The right to make oneself an account, as often as `max_uses` says, and what comes with it.

    The token is in the link alone: whoever reads the table cannot use what stands there. Who holds an invitation that
    is bound to an address got it by mail there. `grant` maps the names of `accounts.invitations` to what they gave.
    """

    digest = models.CharField(max_length=64, unique=True, editable=False)
    email = models.EmailField(_("email address"), blank=True)
    grant = models.JSONField(default=dict, blank=True, editable=False)
    max_uses = models.PositiveSmallIntegerField(
        _("uses"), default=1, validators=[MinValueValidator(1), MaxValueValidator(MOST_USES)], editable=False
    )
    uses_left = models.PositiveSmallIntegerField(_("uses left"), editable=False)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        verbose_name=_("by"),
        null=True,
        related_name="invitations",
        editable=False,
    )
    made_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)
    expires_at = models.DateTimeField(_("expires at"), editable=False)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        verbose_name=_("revoked by"),
        null=True,
        related_name="+",
        editable=False,
    )
    revoked_at = models.DateTimeField(_("revoked at"), null=True, editable=False)

    # Set by `accounts.invitations`: the link, where it was just made and is to be shown; what it grants, in words.
    link: str = ""
    grants: list[str]
    uses: RelatedManager[InvitationUse]

    objects = InvitationQuerySet.as_manager()

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        ordering = ["-pk"]
        default_permissions = ("add", "change", "view")
        indexes = [models.Index(fields=["expires_at"], name="accounts_invitation_expiry")]
        constraints = [
            models.CheckConstraint(condition=Q(email=Lower("email")), name="invitation_email_lower"),
            models.CheckConstraint(condition=Q(max_uses__range=(1, MOST_USES)), name="invitation_max_uses"),
            models.CheckConstraint(condition=Q(uses_left__range=(0, F("max_uses"))), name="invitation_uses_left"),
            models.CheckConstraint(condition=Q(email="") | Q(max_uses=1), name="invitation_bound_once"),
            models.CheckConstraint(condition=Q(expires_at__gt=F("made_at")), name="invitation_expires_later"),
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=False) | Q(revoked_by__isnull=True), name="invitation_revoked"
            ),
        ]

    def __str__(self) -> str:
        return str(_("Invitation %(number)s")) % {"number": self.pk}

    @property
    def state(self) -> InvitationState:
        if self.revoked_at:
            return InvitationState.REVOKED
        if not self.uses_left:
            return InvitationState.USED_UP
        if self.expires_at <= timezone.now():
            return InvitationState.EXPIRED
        vouched = self.made_by is not None and self.made_by.may_sign_in()
        return InvitationState.OPEN if vouched else InvitationState.LAPSED

    @property
    def is_open(self) -> bool:
        return self.state == InvitationState.OPEN

    @property
    def may_be_renewed(self) -> bool:
        return self.state in (InvitationState.OPEN, InvitationState.EXPIRED)

    @property
    def may_be_revoked(self) -> bool:
        return self.state in (InvitationState.OPEN, InvitationState.EXPIRED, InvitationState.LAPSED)

    @property
    def used(self) -> int:
        return self.max_uses - self.uses_left

    def change_token(self) -> str:
        """Return a new token, which alone works from now on; the caller saves `digest`."""
        token = secrets.token_urlsafe(32)
        self.digest = digest_of(token)
        return token


class InvitationUse(models.Model):
    """One account that was made with an invitation, or that got what it grants."""

    invitation = models.ForeignKey(Invitation, models.CASCADE, related_name="uses", editable=False)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        verbose_name=_("person"),
        null=True,
        related_name="invitation_uses",
        editable=False,
    )
    used_at = models.DateTimeField(_("accepted at"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("accepted invitation")
        verbose_name_plural = _("accepted by")
        ordering = ["pk"]
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["invitation", "person"], name="invitation_used_once_each")]

    def __str__(self) -> str:
        return str(self.person or _("someone who has left"))


def digest_of(token: str) -> str:
    # No salt, no slow hash: 256 random bits cannot be guessed from their digest, and it is how the row is found.
    return hashlib.sha256(token.encode()).hexdigest()
