from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING, Self
from uuid import UUID

from django.db import models, transaction
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.text import validate_characters
from todos.models.activity import Activity, Changes, Verb
from todos.models.membership import Membership
from todos.models.roles import WRITERS
from todos.models.todo import Todo
from todos.models.trashable import Trashable
from todos.refusals import FileInTheTrash, FileNotInTheTrash, FullOfFiles, NeighbourFileGone
from uploads.models import State, Upload

if TYPE_CHECKING:
    from accounts.models import User

CAPTION_LENGTH = 300
MOST_FILES = 50
"""Per to-do: its page shows them all, and a list page reads them for each row."""


class AttachmentQuerySet(models.QuerySet["Attachment"]):
    def live(self) -> Self:
        return self.filter(trashed_at__isnull=True, upload__state=State.READY)

    def trashed(self) -> Self:
        return self.filter(trashed_at__isnull=False, upload__state=State.READY)

    def visible_to(self, user: User) -> Self:
        """Those of to-dos the person may see, in the trash or not, with the `role` there; not in trashed lists."""
        return self.filter(
            todo__list__memberships__user=user, todo__list__trashed_at__isnull=True, upload__state=State.READY
        ).annotate(role=models.F("todo__list__memberships__role"))

    def restorable_by(self, user: User) -> Self:
        return self.visible_to(user).trashed().filter(role__in=WRITERS, todo__trashed_at__isnull=True)

    def in_order(self) -> Self:
        return self.order_by("position", "pk")

    def for_page(self) -> Self:
        return self.select_related("upload", "created_by", "trashed_by")

    def for_rows(self) -> Self:
        """What a row of a list shows: how many there are, and the first picture."""
        columns = ("todo", "position", "upload__type", "upload__thumbnails_at")
        return self.live().select_related("upload").only(*columns).in_order()

    def for_files_page(self, user: User) -> Self:
        """Those that the person uploaded, wherever they are; the `role` there is "" where the person has none."""
        there = Membership.objects.of(user).filter(list=models.OuterRef("todo__list")).values("role")
        found = self.filter(upload__owner=user, upload__state=State.READY).select_related("upload", "todo__list")
        return found.annotate(role=Coalesce(models.Subquery(there), models.Value(""))).order_by("-pk")

    def for_trash_page(self, user: User) -> Self:
        return self.restorable_by(user).select_related("upload", "todo", "trashed_by").order_by("-trashed_at", "-pk")


class Attachment(Trashable):
    """A file of a to-do. It exists once the upload is checked: `add` is called by the check alone."""

    TRASHED, RESTORED = Verb.FILE_TRASHED, Verb.FILE_RESTORED

    todo = models.ForeignKey(
        "todos.Todo", on_delete=models.CASCADE, related_name="attachments", db_index=False, verbose_name=_("to-do")
    )
    upload = models.OneToOneField(
        "uploads.Upload", on_delete=models.CASCADE, related_name="attachment", verbose_name=_("file")
    )
    caption = models.CharField(_("caption"), max_length=CAPTION_LENGTH, blank=True, validators=[validate_characters])
    position = models.PositiveIntegerField(_("position"), editable=False)

    # The annotation of `visible_to`, and what the page adds to one that can be moved, as to a to-do in its list.
    role: str
    move_up_after: int | str | None
    move_down_after: int | None

    objects = AttachmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        ordering = ["pk"]
        default_permissions = ("view", "change")  # in the console: to the trash, and back
        indexes = [
            models.Index(fields=["todo", "position", "id"], name="todos_attachment_page"),
            models.Index(
                fields=["trashed_at"], condition=models.Q(trashed_at__isnull=False), name="todos_attachment_trash"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(trashed_at__isnull=False) | models.Q(trashed_by__isnull=True),
                name="todos_attachment_trashed",
            ),
        ]

    def __str__(self) -> str:
        return self.upload.name

    def get_absolute_url(self) -> str:
        return f"{reverse('todos:todo', args=[self.todo_id])}#attachment-{self.pk}"

    @property
    def name(self) -> str:
        return self.upload.name

    @property
    def has_thumbnails(self) -> bool:
        return self.upload.thumbnails_at is not None

    @property
    def alternative(self) -> str:
        """The alternative text of the picture."""
        return self.caption or self.upload.name

    @classmethod
    def add(cls, upload: Upload, *, todo: Todo, by: User) -> Attachment:
        """Put the file after those that were chosen before it: checks end in another order.

        The to-do may be in the trash: it comes back with its files. Raise FullOfFiles where others came first.
        """
        with transaction.atomic():
            todo.lock()
            cls._refuse_if_full(todo.pk)
            rows = list(cls.objects.filter(todo=todo).select_related("upload").in_order())
            earlier = [place for place, row in enumerate(rows, 1) if row.upload.created_at <= upload.created_at]
            place = earlier[-1] if earlier else 0
            added = cls(todo=todo, upload=upload, position=place, created_by=by, created_at=timezone.now())
            added.save(force_insert=True)
            added._renumber([*rows[:place], added, *rows[place:]])
            added._record(Verb.FILE_ADDED, by=by, at=added.created_at)
        return added

    def set_caption(self, caption: str, *, by: User) -> bool:
        """Return False if that already is its caption."""
        with transaction.atomic():
            self._lock_live()
            if caption == self.caption:
                return False
            changes: Changes = {"caption": [self.caption, caption]}
            self._change(Verb.FILE_CAPTIONED, by=by, now=timezone.now(), changes=changes, caption=caption)
        return True

    def move(self, *, by: User, after: int) -> int | None:
        """Move it after the one with the id `after` (0: to the first place); return which it was after, or None.

        None means that it is there already.
        """
        with transaction.atomic():
            self._lock_live(ordering=True)
            rows = list(Attachment.objects.filter(todo=self.todo_id).in_order())
            before = [row.pk for row in rows if row.trashed_at is None]
            if after and after not in before:
                raise NeighbourFileGone
            left = before[before.index(self.pk) - 1] if before[0] != self.pk else 0
            if after in (left, self.pk):
                return None
            others = [row for row in rows if row.pk != self.pk]
            place = next((index for index, row in enumerate(others, 1) if row.pk == after), 0)
            self._renumber([*others[:place], self, *others[place:]])
            self._record(Verb.FILE_MOVED, by=by, at=timezone.now())
        return left

    def erase(self, *, by: User) -> bool:
        """Delete it permanently before its days in the trash are over; raise FileNotInTheTrash if it is not there."""
        with transaction.atomic():
            self.upload.discard(by=by)  # first, as in the check that attaches one
            self.lock()
            if not self.trashed_at:
                raise FileNotInTheTrash
            self._record(Verb.FILE_ERASED, by=by, at=timezone.now())
            self.delete()
        return True

    def note_loss(self, *, by: User | None) -> None:
        """Record in the history what happened to a file that nobody removed."""
        self._record(Verb.FILE_LOST, by=by, at=timezone.now())

    @classmethod
    def kept(cls, uploads: Collection[UUID]) -> set[UUID]:
        """Return those of the uploads that are attached to something, in the trash or not."""
        return set(cls.objects.filter(upload__in=uploads).values_list("upload", flat=True))

    def _lock_live(self, *, ordering: bool = False) -> None:
        if ordering:  # the order is that of the to-do
            self.todo.lock()
        self.lock()
        if self.trashed_at:
            raise FileInTheTrash

    def _lock_to_restore(self) -> None:
        """Also raise FullOfFiles if there is no room for it."""
        self.todo.lock()
        super()._lock_to_restore()
        if self.trashed_at:
            self._refuse_if_full(self.todo_id)

    @classmethod
    def _refuse_if_full(cls, todo_id: int) -> None:
        """Raise FullOfFiles if there is no room for one more; the caller holds the to-do's lock."""
        if cls.objects.live().filter(todo=todo_id).count() >= MOST_FILES:
            raise FullOfFiles

    def _renumber(self, rows: list[Attachment]) -> None:
        changed = []
        for position, row in enumerate(rows):
            if row.position != position:
                row.position = position
                changed.append(row)
        Attachment.objects.bulk_update(changed, ["position"])

    def _record(self, verb: Verb, *, by: User | None, at: datetime, changes: Changes | None = None) -> None:
        before = None if verb in (Verb.FILE_ADDED, Verb.FILE_RESTORED) else self.name
        after = None if verb in (Verb.FILE_TRASHED, Verb.FILE_ERASED, Verb.FILE_LOST) else self.name
        changes = {"file": [before, after]} | (changes or {})
        Activity.record(verb, by=by, at=at, list_id=self.todo.list_id, todo=self.todo, changes=changes)
