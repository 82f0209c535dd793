from __future__ import annotations

import zoneinfo
from collections.abc import Collection, Iterator
from datetime import datetime, tzinfo
from typing import Any, ClassVar, Self

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models.audit import AuditEvent, AuditKind
from accounts.refusals import LastOperator
from accounts.text import validate_characters


def validate_time_zone(name: str) -> None:
    if name not in zoneinfo.available_timezones():
        raise ValidationError(_("“%(name)s” is not a time zone; choose one like Europe/Berlin."), params={"name": name})


class Theme(models.TextChoices):
    SYSTEM = "system", _("Match device")
    LIGHT = "light", _("Light")
    DARK = "dark", _("Dark")


class UserQuerySet(models.QuerySet["User"]):
    def banned(self) -> Self:
        now = timezone.now()
        return self.filter(banned_at__isnull=False).exclude(banned_until__lte=now)

    def active(self) -> Self:
        """People who can sign in: neither deactivated nor banned."""
        return self.filter(is_active=True).exclude(pk__in=self.banned().values("pk"))

    def operators(self) -> Self:
        """Superusers who can sign in: the people who can repair everything else."""
        return self.active().filter(is_superuser=True)

    def keep_an_operator(self, *, without: Collection[int]) -> None:
        """Raise LastOperator if only people of `without` could operate Holdfast.

        Inside a transaction the answer holds until its end: all superusers are locked, in the order of their ids,
        and judged by what the locked rows say, so two operators cannot shut each other out at the same time.
        """
        with transaction.atomic():
            superusers = self.filter(is_superuser=True).order_by("pk").select_for_update()
            operators = {user.pk for user in superusers if user.may_sign_in()}
        if operators and operators <= set(without):
            raise LastOperator


class UserManager(BaseUserManager["User"].from_queryset(UserQuerySet)):  # type: ignore[misc]
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Create a person who signs in with `email`; without a password they set one through a reset link."""
        user: User = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        with transaction.atomic():
            user = self.create_user(email, password, is_staff=True, is_superuser=True, **fields)
            user.settle_address()
        return user

    @classmethod
    def normalize_email(cls, email: str | None) -> str:
        """Return the address as it is stored: trimmed and in lower case throughout."""
        return (email or "").strip().lower()

    def get_by_natural_key(self, username: str | None) -> User:
        user: User = self.get(email=self.normalize_email(username))
        return user


class User(AbstractBaseUser, PermissionsMixin):
    email = models.EmailField(_("email address"), unique=True)
    name = models.CharField(_("name"), max_length=100, blank=True, validators=[validate_characters])
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC", validators=[validate_time_zone])
    theme = models.CharField(_("theme"), max_length=8, choices=Theme, default=Theme.SYSTEM)
    language = models.CharField(
        _("language"), max_length=16, blank=True, help_text=_("Leave empty to use the default.")
    )
    unwanted_mails = models.JSONField(_("emails turned off"), default=list, blank=True, editable=False)
    is_staff = models.BooleanField(_("staff"), default=False, help_text=_("Can sign in to the console."))
    is_active = models.BooleanField(
        _("active"), default=True, help_text=_("Deactivate people instead of deleting them.")
    )
    date_joined = models.DateTimeField(_("joined at"), default=timezone.now, editable=False)
    banned_at = models.DateTimeField(_("banned at"), null=True, blank=True)
    banned_until = models.DateTimeField(
        _("banned until"), null=True, blank=True, help_text=_("Leave empty for a permanent ban.")
    )
    ban_reason = models.CharField(_("reason for the ban"), max_length=500, blank=True)
    onboarding_at = models.DateTimeField(
        _("onboarding since"), null=True, editable=False, help_text=_("Ends when they complete their first to-do.")
    )
    deletion_at = models.DateTimeField(
        _("deletion at"), null=True, editable=False, help_text=_("Requested by the person, who can still cancel it.")
    )
    session_version = models.PositiveIntegerField(default=0, editable=False)

    USERNAME_FIELD = EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects: ClassVar[UserManager] = UserManager()
    emailaddress_set: Any  # allauth's

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        ordering = ["email"]
        constraints = [
            models.CheckConstraint(condition=models.Q(email=Lower("email")), name="accounts_user_email_lower"),
            models.CheckConstraint(condition=models.Q(theme__in=Theme.values), name="accounts_user_theme"),
            models.CheckConstraint(
                condition=models.Q(banned_at__isnull=False) | models.Q(banned_until__isnull=True, ban_reason=""),
                name="accounts_user_ban",
            ),
        ]

    def __str__(self) -> str:
        return self.display_name

    @property
    def display_name(self) -> str:
        return self.name or self.email.partition("@")[0]

    @property
    def initials(self) -> str:
        """One or two capital letters for the avatar."""
        words = self.display_name.replace(".", " ").replace("_", " ").split() or ["?"]
        letters = words[0][0] + words[-1][0] if len(words) > 1 else words[0][:2]
        return letters.upper()

    @property
    def color_index(self) -> int:
        """One of the eight avatar colours, 0 to 7."""
        return (self.pk or 0) % 8

    @property
    def zone(self) -> tzinfo:
        """The member's time zone, or UTC if this machine does not know it (any more)."""
        try:
            return zoneinfo.ZoneInfo(self.time_zone)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            return zoneinfo.ZoneInfo("UTC")

    @property
    def language_code(self) -> str:
        """The language that the member chose, or everybody's where it is none (any more)."""
        return self.language if self.language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE

    def wants(self, kind: str) -> bool:
        """Return whether the person gets mails of this kind (see `accounts.mail.kinds`)."""
        return kind not in self.unwanted_mails

    def is_banned(self, *, now: datetime | None = None) -> bool:
        if self.banned_at is None:
            return False
        return self.banned_until is None or self.banned_until > (now or timezone.now())

    def may_sign_in(self) -> bool:
        return self.is_active and not self.is_banned()

    def ban(self, *, until: datetime | None = None, reason: str = "", by: User | None = None) -> bool:
        """Shut the person out, until then or permanently; return False if exactly this ban held already.

        Raises LastOperator.
        """
        if self.is_banned() and (self.banned_until, self.ban_reason) == (until, reason):
            return False
        with transaction.atomic():
            User.objects.keep_an_operator(without={self.pk})
            self.banned_at, self.banned_until, self.ban_reason = timezone.now(), until, reason
            self.end_sessions()
            self.save(update_fields=["banned_at", "banned_until", "ban_reason", "session_version"])
            AuditEvent.record(AuditKind.BANNED, person=self, actor=by, detail=reason)
        return True

    def unban(self, *, by: User | None = None) -> bool:
        """Let the person sign in again; return False if there was no ban."""
        if self.banned_at is None:
            return False
        with transaction.atomic():
            self.banned_at, self.banned_until, self.ban_reason = None, None, ""
            self.save(update_fields=["banned_at", "banned_until", "ban_reason"])
            AuditEvent.record(AuditKind.UNBANNED, person=self, actor=by)
        return True

    def end_sessions(self) -> None:
        """Invalidate every current session, also after a ban has ended; the caller saves `session_version`."""
        self.session_version += 1

    def change_settings(self, **values: Any) -> bool:
        """Save people's own settings, writing only those that differ; return whether any did."""
        changed = [field for field, value in values.items() if getattr(self, field) != value]
        for field in changed:
            setattr(self, field, values[field])
        if changed:
            self.save(update_fields=changed)
        return bool(changed)

    def change_email(self, email: str) -> None:
        """Let the person sign in with another address; raises IntegrityError if someone else does."""
        with transaction.atomic():
            self.email = User.objects.normalize_email(email)
            self.save(update_fields=["email"])
            self.settle_address()
            AuditEvent.record(AuditKind.EMAIL_CHANGED, person=self, actor=self)

    def settle_address(self) -> None:
        """Make the email address the person's only one for sign-in, verified and primary."""
        with transaction.atomic():
            self.emailaddress_set.exclude(email=self.email).delete()
            self.emailaddress_set.update_or_create(email=self.email, defaults={"verified": True, "primary": True})

    def get_session_auth_hash(self) -> str:
        return f"{super().get_session_auth_hash()}.{self.session_version}"

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        for digest in super().get_session_auth_fallback_hash():
            yield f"{digest}.{self.session_version}"

    def get_full_name(self) -> str:
        return self.display_name

    def get_short_name(self) -> str:
        return self.display_name

    def clean(self) -> None:
        self.email = UserManager.normalize_email(self.email)
        if self.banned_at and self.banned_until and self.banned_until <= self.banned_at:
            raise ValidationError({"banned_until": _("A ban must end after it starts.")})
        if not self.banned_at and (self.banned_until or self.ban_reason):
            raise ValidationError(_("Only a banned person can have a ban end and reason."))
        if self.pk and not (self.is_superuser and self.may_sign_in()):
            try:
                User.objects.keep_an_operator(without={self.pk})
            except LastOperator as refusal:
                raise ValidationError(str(refusal)) from None

    def delete(self, using: str | None = None, keep_parents: bool = False) -> tuple[int, dict[str, int]]:
        """Delete the person; refused for the last operator, and for the only owner of a shared list."""
        with transaction.atomic(using=using):
            User.objects.keep_an_operator(without={self.pk})
            return super().delete(using=using, keep_parents=keep_parents)
