from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.db import models, transaction
from django.db.models.functions import Coalesce, Lower
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import AuditKind
from accounts.text import validate_characters, validate_visible
from todos.models import positions
from todos.models.activity import Activity, Changes, Verb
from todos.models.membership import Membership
from todos.models.roles import WRITERS, Role
from todos.models.todo import Todo
from todos.models.trashable import Trashable
from todos.refusals import ListInTheTrash

if TYPE_CHECKING:
    from accounts.models import User


@dataclass(frozen=True, slots=True)
class Summary:
    open: int
    completed: int
    members: int


def _count(rows: models.QuerySet[Todo] | models.QuerySet[Membership]) -> Coalesce:
    """Count in a subquery of its own: two joins in one query would multiply each other's rows."""
    counted = rows.filter(list=models.OuterRef("pk")).order_by().values("list").annotate(n=models.Count("pk"))
    return Coalesce(models.Subquery(counted.values("n"), output_field=models.IntegerField()), 0)


class TodoListQuerySet(models.QuerySet["TodoList"]):
    def live(self) -> Self:
        return self.filter(trashed_at__isnull=True)

    def trashed(self) -> Self:
        return self.filter(trashed_at__isnull=False)

    def of(self, user: User) -> Self:
        """Every list the person is a member of, in the trash or not, with their `role`."""
        return self.filter(memberships__user=user).annotate(role=models.F("memberships__role"))

    def visible_to(self, user: User) -> Self:
        return self.of(user).live()

    def writable_by(self, user: User) -> Self:
        return self.visible_to(user).filter(role__in=WRITERS)

    def restorable_by(self, user: User) -> Self:
        return self.of(user).trashed().filter(role=Role.OWNER)

    def with_open_count(self) -> Self:
        return self.annotate(open_count=_count(Todo.objects.open()))

    def with_member_count(self) -> Self:
        return self.annotate(member_count=_count(Membership.objects.all()))

    def without_owner(self) -> Self:
        return self.exclude(pk__in=Membership.objects.owners().values("list"))

    def by_name(self) -> Self:
        return self.order_by(Lower("name"), "pk")

    def for_lists_page(self, user: User) -> Self:
        return self.visible_to(user).with_open_count().with_member_count().by_name()

    def for_sidebar(self, user: User) -> Self:
        return self.visible_to(user).with_open_count().by_name()


class TodoList(Trashable):
    TRASHED, RESTORED = Verb.LIST_TRASHED, Verb.LIST_RESTORED

    name = models.CharField(_("name"), max_length=200, validators=[validate_characters, validate_visible])

    # Annotations of the named queries.
    role: str
    open_count: int
    member_count: int

    objects = TodoListQuerySet.as_manager()

    class Meta:
        verbose_name = _("list")
        verbose_name_plural = _("lists")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=~models.Q(name=""), name="todos_list_name"),
            models.CheckConstraint(
                condition=models.Q(trashed_at__isnull=False) | models.Q(trashed_by__isnull=True),
                name="todos_list_trashed",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def create(cls, name: str, *, by: User) -> TodoList:
        """Create a list that `by` owns."""
        now = timezone.now()
        with transaction.atomic():
            created = cls.objects.create(name=name, created_by=by, created_at=now)
            created.memberships.create(user=by, role=Role.OWNER, created_at=now)
            Activity.record(Verb.LIST_CREATED, by=by, at=now, list_id=created.pk, changes={"name": [None, name]})
        return created

    @property
    def color_index(self) -> int:
        return self.pk % 8

    def get_absolute_url(self) -> str:
        return reverse("todos:list", args=[self.pk])

    def lock_live(self) -> None:
        """Lock the row as `lock` does; raise ListInTheTrash if it is there by now."""
        self.lock()
        if self.trashed_at:
            raise ListInTheTrash

    def summary(self) -> Summary:
        todos = (
            Todo.objects.live()
            .filter(list=self)
            .aggregate(
                all=models.Count("pk"), completed=models.Count("pk", filter=models.Q(completed_at__isnull=False))
            )
        )
        open_count = todos["all"] - todos["completed"]
        return Summary(open=open_count, completed=todos["completed"], members=self.memberships.count())

    def add(self, text: str, *, by: User, notes: str = "") -> Todo:
        """Add a to-do as the first of the list."""
        now = timezone.now()
        with transaction.atomic():
            self.lock_live()
            todo: Todo = self.todos.create(
                text=text,
                notes=notes,
                position=positions.first(Todo.objects.filter(list=self)),
                created_by=by,
                created_at=now,
                updated_at=now,
            )
            Activity.record(Verb.ADDED, by=by, at=now, list_id=self.pk, todo=todo, changes={"text": [None, text]})
        return todo

    def rename(self, name: str, *, by: User) -> bool:
        """Return False if that already is its name."""
        with transaction.atomic():
            self.lock_live()
            if self.name == name:
                return False
            changes: Changes = {"name": [self.name, name]}
            self._change(Verb.LIST_RENAMED, by=by, now=timezone.now(), changes=changes, name=name)
        return True

    def add_member(self, user: User, *, role: str, by: User, tell: bool = True) -> bool:
        """Share the list and `tell` the person by mail; return False, changing nothing, if they are a member."""
        now = timezone.now()
        with transaction.atomic():
            self.lock_live()
            _membership, added = self.memberships.get_or_create(user=user, defaults={"role": role, "created_at": now})
            if not added:
                return False
            changes: Changes = {"member": [None, str(user)], "user": [None, user.pk], "role": [None, role]}
            if not tell:
                changes["tell"] = [None, False]
            Activity.record(Verb.MEMBER_ADDED, by=by, at=now, list_id=self.pk, changes=changes)
            audit.record(AuditKind.ROLE_CHANGED, person=user, actor=by, detail=f"{self}: + {role}")
        return True

    def _record(self, verb: Verb, *, by: User | None, at: datetime, changes: Changes | None = None) -> None:
        Activity.record(verb, by=by, at=at, list_id=self.pk, changes=changes)
