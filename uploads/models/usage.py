from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from uploads import refusals

if TYPE_CHECKING:
    from accounts.models import User


class Usage(models.Model):
    """The bytes that a member's uploads take up or have reserved."""

    owner = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="upload_usage", verbose_name=_("owner")
    )
    bytes = models.BigIntegerField(_("bytes"), default=0)

    class Meta:
        verbose_name = _("usage")
        verbose_name_plural = _("usage")
        ordering = ["-bytes", "owner"]
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"{self.owner_id}: {self.bytes}"

    @classmethod
    def of(cls, owner: User) -> int:
        return cls.objects.filter(owner=owner).values_list("bytes", flat=True).first() or 0

    @classmethod
    def reserve(cls, owner: User, size: int) -> None:
        """Add the bytes, or raise Refused if they exceed what is left of the owner's quota."""
        cls.objects.get_or_create(owner=owner)
        fitting = cls.objects.filter(owner=owner, bytes__lte=settings.UPLOAD_QUOTA_BYTES - size)
        if not fitting.update(bytes=F("bytes") + size):
            raise refusals.over_quota(cls.of(owner))

    @classmethod
    def change(cls, owner_id: int | None, *, by: int) -> None:
        if owner_id is not None and by:
            cls.objects.filter(owner=owner_id).update(bytes=F("bytes") + by)
