from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.db import models, transaction
from django.db.models.deletion import Collector
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import AuditKind
from todos.models.activity import Activity, Verb
from todos.models.locking import Lockable
from todos.models.roles import WRITERS, Role
from todos.refusals import Deserted, Gone, LastOwner

if TYPE_CHECKING:
    from accounts.models import User


def with_their_person(collector: Collector, field: Any, memberships: Any, using: str) -> None:
    """Delete memberships as CASCADE does; raise Deserted if other members would lose their last owner."""
    refuse_to_desert(memberships)
    models.CASCADE(collector, field, memberships, using)


def refuse_to_desert(memberships: Iterable[Membership]) -> None:
    """Raise Deserted if ending these memberships would leave other members without an owner."""
    owned = [row.list_id for row in memberships if row.is_owner]
    left = Membership.objects.filter(list__in=owned).exclude(pk__in=[row.pk for row in memberships])
    deserted = left.exclude(list__in=left.owners().values("list"))
    if names := sorted(set(deserted.values_list("list__name", flat=True))):
        sentence = _("“%(list)s” has other members but no other owner. Make one of them an owner first.")
        raise Deserted(" ".join(str(sentence) % {"list": name} for name in names))


class MembershipQuerySet(models.QuerySet["Membership"]):
    def owners(self) -> Self:
        return self.filter(role=Role.OWNER)

    def of(self, user: User) -> Self:
        return self.filter(user=user)

    def for_members_page(self) -> Self:
        """Owners first, then editors, then readers; within each, the oldest membership first."""
        order = models.Case(models.When(role=Role.OWNER, then=0), models.When(role=Role.EDITOR, then=1), default=2)
        return self.select_related("user").order_by(order, "pk")


class Membership(Lockable):
    list = models.ForeignKey(
        "todos.TodoList", on_delete=models.CASCADE, related_name="memberships", verbose_name=_("list")
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=with_their_person, related_name="memberships", verbose_name=_("person")
    )
    role = models.CharField(_("role"), max_length=8, choices=Role)
    created_at = models.DateTimeField(_("since"), default=timezone.now, editable=False)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["list", "user"], name="todos_membership_once"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="todos_membership_role"),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.get_role_display()}"

    @property
    def can_write(self) -> bool:
        return self.role in WRITERS

    @property
    def is_owner(self) -> bool:
        return self.role == Role.OWNER

    def change_role(self, role: str, *, by: User) -> bool:
        """Return False if the role is that already; raise LastOwner rather than leave the list without an owner."""
        with transaction.atomic():
            self.list.lock()
            self.lock()
            if self.role == role:
                return False
            self._keep_an_owner()
            old, self.role = self.role, role
            self.save(update_fields=["role"])
            Activity.record(
                Verb.MEMBER_ROLE_CHANGED,
                by=by,
                at=timezone.now(),
                list_id=self.list_id,
                changes={"member": [str(self.user), str(self.user)], "user": [self.user_id] * 2, "role": [old, role]},
            )
            audit.record(AuditKind.ROLE_CHANGED, person=self.user, actor=by, detail=f"{self.list}: {old} → {role}")
        return True

    def remove(self, *, by: User) -> bool:
        """End the membership; members may end their own. Return False if it has ended; may raise LastOwner."""
        with transaction.atomic():
            self.list.lock()
            try:
                self.lock()
            except Gone:
                return False
            self._keep_an_owner()
            Membership.objects.filter(pk=self.pk).delete()
            Activity.record(
                Verb.MEMBER_LEFT if by == self.user else Verb.MEMBER_REMOVED,
                by=by,
                at=timezone.now(),
                list_id=self.list_id,
                changes={"member": [str(self.user), None], "user": [self.user_id, None], "role": [self.role, None]},
            )
            audit.record(AuditKind.ROLE_CHANGED, person=self.user, actor=by, detail=f"{self.list}: - {self.role}")
        return True

    def _keep_an_owner(self) -> None:
        # Under the list's lock: of two owners who leave at once the second one sees that the first has gone.
        if self.is_owner and not self.list.memberships.owners().exclude(pk=self.pk).exists():
            raise LastOwner
