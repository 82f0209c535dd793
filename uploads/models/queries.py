from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Case, Count, Sum, When
from django.utils.translation import gettext_lazy as _

from uploads import targets

if TYPE_CHECKING:
    from accounts.models import User
    from uploads.models.upload import Upload


class State(models.TextChoices):
    PENDING = "pending", _("waiting for upload")
    VERIFYING = "verifying", _("is being checked")
    READY = "ready", _("ready")
    REJECTED = "rejected", _("rejected")
    DELETED = "deleted", _("deleted")


_TAKEN: Any = Sum(
    Case(
        When(state__in=(State.PENDING, State.VERIFYING), then="size"),
        When(state=State.READY, then="stored_size"),
        default=0,
        output_field=models.BigIntegerField(),
    ),
    default=0,
)


class UploadQuerySet(models.QuerySet["Upload"]):
    def of(self, owner: User) -> Self:
        return self.filter(owner=owner)

    def meant_for(self, target: targets.Target) -> Self:
        return self.filter(target_kind=target.kind, target_id=target.id)

    def unfinished(self) -> Self:
        """Those that a page still shows as rows of their own: not yet, or never, ready."""
        return self.filter(state__in=(State.PENDING, State.VERIFYING, State.REJECTED))

    def ready(self) -> Self:
        return self.filter(state=State.READY)

    def never_completed(self, before: datetime) -> Self:
        return self.filter(state=State.PENDING, created_at__lte=before)

    def stuck(self, before: datetime) -> Self:
        return self.filter(state=State.VERIFYING, completed_at__lte=before)

    def rejected_before(self, moment: datetime) -> Self:
        return self.filter(state=State.REJECTED, settled_at__lte=moment)

    def deleted_before(self, moment: datetime) -> Self:
        return self.filter(state=State.DELETED, deleted_at__lte=moment)

    def totals(self) -> list[tuple[State, int, int]]:
        """Return state, number and bytes taken of each state that there is."""
        found = self.order_by("state").values("state").annotate(number=Count("pk"), bytes=_TAKEN)
        return [(State(row["state"]), row["number"], row["bytes"]) for row in found]

    def bytes_taken(self) -> int:
        """Return what counts against the quota: what those on their way reserve, what is stored of the others."""
        return int(self.aggregate(bytes=_TAKEN)["bytes"])

    def locked(self) -> list[Upload]:
        """Lock all rows before the first ledger is touched, so that two who end several never wait in a ring."""
        return list(self.select_for_update(no_key=True).order_by("pk"))
