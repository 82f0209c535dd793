from __future__ import annotations

import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import models, transaction
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from todos.models.locking import Lockable
from todos.models.roles import WRITERS
from todos.refusals import BulkAddOver, NotYetChecked, StillAdding
from workflows import engine
from workflows.models import Run

if TYPE_CHECKING:
    from accounts.models import User
    from todos.models.todolist import TodoList

FOLDER = "bulk-adds"
DECIDED = "decided"
"""The event that wakes the run: somebody confirmed or discarded."""


class Ending(models.TextChoices):
    """Why a bulk add ended before each of its good lines was a to-do."""

    NONE = "", _("all lines were processed")
    DISCARDED = "discarded", _("it was discarded")
    EXPIRED = "expired", _("nobody confirmed it in time")
    NOTHING = "nothing", _("none of the lines can be added")
    TOO_MANY = "too_many", _("it has too many lines")
    UTF16 = "utf16", _("it is UTF-16, not UTF-8")
    FILE_GONE = "file_gone", _("the stored text no longer exists")
    NO_RIGHT = "no_right", _("the person who confirmed it can no longer edit the list")
    LIST_TRASHED = "list_trashed", _("the list was moved to the trash")
    GAVE_UP = "gave_up", _("it was cancelled or stopped by an error")


class State(models.TextChoices):
    """The state of a bulk add, derived from its timestamps."""

    CHECKING = "checking", _("Checking")
    PREVIEW = "preview", _("Waiting for you")
    ADDING = "adding", _("Adding")
    ENDED = "ended", _("Ended")
    DONE = "done", _("Added")
    UNDOING = "undoing", _("Undoing")
    UNDONE = "undone", _("Undone")


_OPEN = Q(finished_at=None, undo_at=None)
_OVER = Q(finished_at__isnull=False, undo_at=None)
_IN_STATE = {  # says the same as BulkAdd.state
    State.CHECKING: _OPEN & Q(confirmed_at=None, checked_at=None),
    State.PREVIEW: _OPEN & Q(confirmed_at=None, checked_at__isnull=False),
    State.ADDING: _OPEN & Q(confirmed_at__isnull=False),
    State.ENDED: _OVER & ~Q(ending=Ending.NONE),
    State.DONE: _OVER & Q(ending=Ending.NONE),
    State.UNDOING: Q(undo_at__isnull=False, undone_at=None),
    State.UNDONE: Q(undone_at__isnull=False),
}


def no_texts() -> list[str]:
    return []


class BulkAddQuerySet(models.QuerySet["BulkAdd"]):
    def visible_to(self, user: User) -> Self:
        """Those of lists the person is a member of and that are not in the trash, with the `role` there."""
        return self.filter(list__memberships__user=user, list__trashed_at__isnull=True).annotate(
            role=F("list__memberships__role")
        )

    def for_list(self, todo_list: TodoList) -> Self:
        return self.filter(list=todo_list).select_related("created_by").order_by("-pk")

    def in_state(self, state: State) -> Self:
        return self.filter(_IN_STATE[state])

    def for_page(self) -> Self:
        return self.select_related("list", "created_by", "confirmed_by", "finished_by", "undo_by")

    def ended_before(self, moment: datetime) -> Self:
        return self.filter(finished_at__lt=moment)


class BulkAdd(Lockable):
    """Many lines that become to-dos of a list: uploaded, checked, confirmed, added, perhaps undone.

    Each line read is added, skipped (it is no to-do) or failed (it is one, but `ending` came first); lines from
    `next_line` on have not been processed. Once it has ended, `lines` is the sum of the three.
    """

    list = models.ForeignKey(
        "todos.TodoList", on_delete=models.CASCADE, related_name="bulk_adds", verbose_name=_("list")
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("created by")
    )
    created_at = models.DateTimeField(_("created at"), default=timezone.now)
    source = models.CharField(_("stored text"), max_length=200, blank=True)
    file_name = models.CharField(_("file name"), max_length=200, blank=True)
    size = models.PositiveIntegerField(_("size"), help_text=_("In bytes."))
    lines = models.PositiveIntegerField(_("lines"), default=0)
    added = models.PositiveIntegerField(_("added"), default=0)
    skipped = models.PositiveIntegerField(_("skipped"), default=0)
    failed = models.PositiveIntegerField(_("failed"), default=0)
    next_line = models.PositiveIntegerField(_("next line"), default=1)
    sample = models.JSONField(_("first to-dos"), default=no_texts)
    checked_at = models.DateTimeField(_("checked at"), null=True)
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("confirmed by")
    )
    finished_at = models.DateTimeField(_("finished at"), null=True)
    finished_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("discarded by"),
    )
    ending = models.CharField(_("ended because"), max_length=12, choices=Ending, blank=True)
    undo_at = models.DateTimeField(_("undo requested at"), null=True)
    undo_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("undone by")
    )
    undone_at = models.DateTimeField(_("undone at"), null=True)
    undone = models.PositiveIntegerField(_("moved to the trash"), default=0)

    role: str

    objects = BulkAddQuerySet.as_manager()

    class Meta:
        verbose_name = _("bulk add")
        verbose_name_plural = _("bulk adds")
        ordering = ["pk"]
        indexes = [
            models.Index(fields=["finished_at"], condition=~Q(source=""), name="todos_bulkadd_stored"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(finished_at=None, lines__gte=F("added") + F("skipped") + F("failed"))
                | Q(finished_at__isnull=False, lines=F("added") + F("skipped") + F("failed")),
                name="todos_bulkadd_adds_up",
            ),
            models.CheckConstraint(condition=Q(ending__in=Ending.values), name="todos_bulkadd_ending"),
            models.CheckConstraint(condition=Q(ending="") | Q(finished_at__isnull=False), name="todos_bulkadd_ended"),
            models.CheckConstraint(
                condition=Q(undo_at=None) | Q(finished_at__isnull=False), name="todos_bulkadd_undo_after_end"
            ),
            models.CheckConstraint(
                condition=Q(undone_at=None) | Q(undo_at__isnull=False), name="todos_bulkadd_undone_after_undo"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.file_name}".rstrip()

    @classmethod
    def create(cls, todo_list: TodoList, text: File[bytes], *, by: User, file_name: str = "") -> BulkAdd:
        """Store the text and start the run that checks it."""
        # The outside world first: a file without a row is swept, a row without a file would be a broken promise.
        source = default_storage.save(f"{FOLDER}/{uuid.uuid4().hex}.txt", text)
        with transaction.atomic():
            created = cls.objects.create(
                list=todo_list, created_by=by, source=source, file_name=file_name[:200], size=text.size
            )
            engine.start("bulk-add", {"bulk_add_id": created.pk}, id=created.run_id, by=by)
        return created

    def get_absolute_url(self) -> str:
        return reverse("todos:bulk_add", args=[self.pk])

    @property
    def run_id(self) -> str:
        return f"bulk-add-{self.pk}"

    @property
    def undo_run_id(self) -> str:
        return f"bulk-add-{self.pk}-undo"

    @property
    def remaining(self) -> int:
        return self.lines - self.added - self.skipped - self.failed

    @property
    def addable(self) -> int:
        return self.lines - self.skipped

    @property
    def state(self) -> State:
        if self.undo_at:
            return State.UNDONE if self.undone_at else State.UNDOING
        if self.finished_at:
            return State.ENDED if self.ending else State.DONE
        if self.confirmed_at:
            return State.ADDING
        return State.PREVIEW if self.checked_at else State.CHECKING

    def run(self) -> Run | None:
        """Return the run that is working on it, or was last; None once that is pruned."""
        return Run.objects.filter(pk=self.undo_run_id if self.undo_at else self.run_id).first()

    def may_be_changed_by(self, user: User | None) -> bool:
        return bool(user and user.may_sign_in()) and self.list.memberships.filter(user=user, role__in=WRITERS).exists()

    def confirm(self, *, by: User) -> bool:
        """Have the lines added; return False if someone did that already."""
        with transaction.atomic():
            self.lock()
            if self.finished_at:
                raise BulkAddOver
            if not self.checked_at:
                raise NotYetChecked
            if self.confirmed_at:
                return False
            self.confirmed_at, self.confirmed_by = timezone.now(), by
            self.save(update_fields=["confirmed_at", "confirmed_by"])
            if not engine.send_event(self.run_id, DECIDED, by=by, missing_ok=True):
                raise BulkAddOver  # its run was cancelled; the confirmation is rolled back
        return True

    def discard(self, *, by: User) -> bool:
        """End it before anything is added; return False if it has ended. Refused once it is confirmed."""
        with transaction.atomic():
            self.lock()
            if self.finished_at:
                return False
            if self.confirmed_at:
                raise StillAdding
            self.finish(ending=Ending.DISCARDED, by=by)
            engine.send_event(self.run_id, DECIDED, by=by, missing_ok=True)
        return True

    def undo(self, *, by: User) -> bool:
        """Start moving every to-do it added to the trash; return False if that was requested already."""
        with transaction.atomic():
            self.lock()
            if self.undo_at:
                return False
            if not self.finished_at:
                run = self.run()
                if run and not run.is_finished:
                    raise StillAdding
                self.finish(ending=Ending.GAVE_UP)
            self.undo_at, self.undo_by = timezone.now(), by
            self.save(update_fields=["undo_at", "undo_by"])
            engine.start("bulk-add-undo", {"bulk_add_id": self.pk}, id=self.undo_run_id, by=by)
        return True

    def finish(self, *, ending: Ending = Ending.NONE, by: User | None = None) -> None:
        """Record that nothing more is added: what is left has failed, because of the ending. The row is locked."""
        self.failed += self.remaining
        self.ending, self.finished_at, self.finished_by = ending, timezone.now(), by
        self.save(update_fields=["failed", "ending", "finished_at", "finished_by"])
