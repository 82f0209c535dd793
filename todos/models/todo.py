from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from django.conf import settings
from django.core.validators import MaxLengthValidator
from django.db import models, transaction
from django.db.models.functions import Length
from django.db.models.lookups import LessThanOrEqual
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.text import validate_characters, validate_visible
from todos.models import positions
from todos.models.activity import Activity, Changes, Verb
from todos.models.roles import WRITERS
from todos.models.trashable import Trashable
from todos.refusals import InTheTrash, MovedMeanwhile, NeighbourGone

if TYPE_CHECKING:
    from collections.abc import Sequence

    from accounts.models import User
    from todos.models.attachment import Attachment
    from todos.models.todolist import TodoList

TEXT_LENGTH = 500
NOTES_LENGTH = 20_000  # characters


class Place(NamedTuple):
    """A place in a list: after the to-do with the id `after`, or first if that is 0."""

    list_id: int
    after: int


class TodoQuerySet(models.QuerySet["Todo"]):
    def live(self) -> Self:
        return self.filter(trashed_at__isnull=True)

    def trashed(self) -> Self:
        return self.filter(trashed_at__isnull=False)

    def open(self) -> Self:
        return self.live().filter(completed_at__isnull=True)

    def completed(self) -> Self:
        return self.live().filter(completed_at__isnull=False)

    def of(self, user: User) -> Self:
        """Every to-do of the person's lists, it or its list in the trash or not, with the person's `role` there."""
        return self.filter(list__memberships__user=user).annotate(role=models.F("list__memberships__role"))

    def visible_to(self, user: User) -> Self:
        return self.of(user).filter(list__trashed_at__isnull=True)

    def restorable_by(self, user: User) -> Self:
        return self.visible_to(user).trashed().filter(role__in=WRITERS)

    def containing(self, words: str) -> Self:
        return self.filter(models.Q(text__icontains=words) | models.Q(notes__icontains=words))

    def for_rows(self) -> Self:
        return self.select_related("list", "completed_by", "created_by")

    def for_trash_page(self, user: User) -> Self:
        return self.restorable_by(user).select_related("list", "trashed_by").order_by("-trashed_at", "-pk")


class Todo(Trashable):
    TRASHED, RESTORED = Verb.TRASHED, Verb.RESTORED

    # The index for the list page begins with the list, so that the key needs none of its own.
    list = models.ForeignKey(
        "todos.TodoList", on_delete=models.CASCADE, related_name="todos", db_index=False, verbose_name=_("list")
    )
    text = models.CharField(_("text"), max_length=TEXT_LENGTH, validators=[validate_characters, validate_visible])
    notes = models.TextField(_("notes"), blank=True, validators=[MaxLengthValidator(NOTES_LENGTH), validate_characters])
    position = models.BigIntegerField(_("position"), editable=False)
    completed_at = models.DateTimeField(_("completed at"), null=True, editable=False)
    completed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("completed by"),
    )
    updated_at = models.DateTimeField(_("changed at"), default=timezone.now, editable=False)
    bulk_add = models.ForeignKey(
        "todos.BulkAdd",
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        db_index=False,  # most to-dos have none: the index below holds the others alone
        related_name="todos",
        verbose_name=_("bulk add"),
    )

    # The annotation of `visible_to`, and what the list page adds to a row: its files, and where it can be moved the id
    # to stand behind, "" for the first place, None where it cannot go further.
    role: str
    files: Sequence[Attachment]
    move_up_after: int | str | None
    move_down_after: int | None

    objects = TodoQuerySet.as_manager()

    class Meta:
        verbose_name = _("to-do")
        verbose_name_plural = _("to-dos")
        ordering = ["pk"]
        indexes = [
            models.Index(fields=["list", "position", "id"], name="todos_todo_page"),
            # Counts of open to-dos, in the sidebar of every page, read this index alone.
            models.Index(
                fields=["list", "position", "id"],
                condition=models.Q(trashed_at__isnull=True, completed_at__isnull=True),
                name="todos_todo_open",
            ),
            models.Index(
                fields=["list", "trashed_at"], condition=models.Q(trashed_at__isnull=False), name="todos_todo_trash"
            ),
            models.Index(fields=["created_at"], name="todos_todo_created"),
            models.Index(
                fields=["bulk_add", "id"], condition=models.Q(bulk_add__isnull=False), name="todos_todo_bulk_add"
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=~models.Q(text=""), name="todos_todo_text"),
            models.CheckConstraint(condition=LessThanOrEqual(Length("notes"), NOTES_LENGTH), name="todos_todo_notes"),
            models.CheckConstraint(
                condition=models.Q(completed_at__isnull=False) | models.Q(completed_by__isnull=True),
                name="todos_todo_completed",
            ),
            models.CheckConstraint(
                condition=models.Q(trashed_at__isnull=False) | models.Q(trashed_by__isnull=True),
                name="todos_todo_trashed",
            ),
        ]

    def __str__(self) -> str:
        return self.text

    @property
    def is_writable(self) -> bool:
        """Whether the person whose `role` was read may change it as it is now."""
        return self.role in WRITERS and not self.trashed_at

    @property
    def is_restorable(self) -> bool:
        return self.role in WRITERS and bool(self.trashed_at)

    def get_absolute_url(self) -> str:
        return reverse("todos:todo", args=[self.pk])

    @property
    def first_picture(self) -> Attachment | None:
        """Of its `files`, the one whose thumbnail stands for the to-do."""
        return next((file for file in self.files if file.has_thumbnails), None)

    def lock_live(self) -> None:
        """Lock the row as `lock` does; raise InTheTrash if it is there by now."""
        self.lock()
        if self.trashed_at:
            raise InTheTrash

    def complete(self, *, by: User) -> bool:
        """Return False if it is completed already."""
        with transaction.atomic():
            self.lock_live()
            if self.completed_at:
                return False
            now = timezone.now()
            self._change(Verb.COMPLETED, by=by, now=now, completed_at=now, completed_by=by)
        return True

    def reopen(self, *, by: User) -> bool:
        """Return False if it is open already."""
        with transaction.atomic():
            self.lock_live()
            if not self.completed_at:
                return False
            self._change(Verb.REOPENED, by=by, now=timezone.now(), completed_at=None, completed_by=None)
        return True

    def edit(self, *, by: User, text: str | None = None, notes: str | None = None) -> bool:
        """Set what is given and differs from what is stored; return False if nothing does."""
        with transaction.atomic():
            self.lock_live()
            given = {"text": text, "notes": notes}
            new = {name: value for name, value in given.items() if value is not None and value != getattr(self, name)}
            if not new:
                return False
            changes: Changes = {name: [getattr(self, name), value] for name, value in new.items()}
            self._change(Verb.EDITED, by=by, now=timezone.now(), changes=changes, **new)
        return True

    def move(self, *, by: User, to: TodoList | None = None, after: int | None = None) -> Place | None:
        """Move it after the to-do with the id `after` (0: to the first place) of its list, or of the list `to`.

        Without `after` it goes first in another list, and stays where it is in its own. In another list it also goes
        first if `after` is no longer there, so that undoing a move always brings it back. Returns the place
        it left, or None if it is there already.
        """
        with transaction.atomic():
            target = self._lock_with_lists(to)
            left = self._place()
            moving = target.pk != self.list_id
            if not moving and (after is None or after in (self.pk, left.after)):
                return None
            position = self._position_in(target, after=after or 0, strict=not moving)
            changes: Changes = {"position": [self.position, position]}
            if moving:
                changes["list"] = [self.list_id, target.pk]
            self._change(Verb.MOVED, by=by, now=timezone.now(), changes=changes, position=position, list=target)
        return left

    def _lock_with_lists(self, to: TodoList | None) -> TodoList:
        origin = self.list
        lists = {origin.pk: origin} | ({to.pk: to} if to else {})
        for pk in sorted(lists):
            lists[pk].lock_live()
        self.lock_live()
        if self.list_id != origin.pk:
            raise MovedMeanwhile
        return to or origin

    def _place(self) -> Place:
        previous = positions.previous_to(self, todos=Todo.objects.filter(list=self.list_id))
        return Place(list_id=self.list_id, after=previous.pk if previous else 0)

    def _position_in(self, target: TodoList, *, after: int, strict: bool) -> int:
        others = Todo.objects.filter(list=target).exclude(pk=self.pk)
        neighbour = others.filter(pk=after).first() if after else None
        if after and neighbour is None and strict:
            raise NeighbourGone
        return positions.behind(neighbour, todos=others) if neighbour else positions.first(others)

    def _change(self, verb: Verb, *, now: datetime, **values: Any) -> None:
        super()._change(verb, now=now, updated_at=now, **values)

    def _record(self, verb: Verb, *, by: User | None, at: datetime, changes: Changes | None = None) -> None:
        Activity.record(verb, by=by, at=at, list_id=self.list_id, todo=self, changes=changes)
