from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from todos.changes import record
from todos.models.roles import Role

if TYPE_CHECKING:
    from accounts.models import User
    from todos.models.todo import Todo

type Changes = dict[str, list[Any]]


class Verb(models.TextChoices):
    ADDED = "added", gettext_lazy("added a to-do")
    COMPLETED = "completed", gettext_lazy("completed a to-do")
    REOPENED = "reopened", gettext_lazy("reopened a to-do")
    EDITED = "edited", gettext_lazy("edited a to-do")
    MOVED = "moved", gettext_lazy("moved a to-do")
    TRASHED = "trashed", gettext_lazy("moved a to-do to the trash")
    RESTORED = "restored", gettext_lazy("restored a to-do")
    FILE_ADDED = "file_added", gettext_lazy("attached a file")
    FILE_CAPTIONED = "file_captioned", gettext_lazy("captioned a file")
    FILE_MOVED = "file_moved", gettext_lazy("moved a file")
    FILE_TRASHED = "file_trashed", gettext_lazy("removed a file")
    FILE_RESTORED = "file_restored", gettext_lazy("restored a file")
    FILE_ERASED = "file_erased", gettext_lazy("permanently deleted a file")
    FILE_LOST = "file_lost", gettext_lazy("removed a file that was lost or is no longer accepted")
    LIST_CREATED = "list_created", gettext_lazy("created the list")
    LIST_RENAMED = "list_renamed", gettext_lazy("renamed the list")
    LIST_TRASHED = "list_trashed", gettext_lazy("moved the list to the trash")
    LIST_RESTORED = "list_restored", gettext_lazy("restored the list")
    MEMBER_ADDED = "member_added", gettext_lazy("added a member")
    MEMBER_ROLE_CHANGED = "member_role_changed", gettext_lazy("changed a member's role")
    MEMBER_REMOVED = "member_removed", gettext_lazy("removed a member")
    MEMBER_LEFT = "member_left", gettext_lazy("left the list")


class ActivityQuerySet(models.QuerySet["Activity"]):
    def newest_first(self) -> Self:
        return self.order_by("-pk")

    def for_history(self) -> Self:
        return self.select_related("actor").newest_first()

    def of_change(self, change: UUID) -> Self:
        """What was done in one transaction, in that order."""
        return self.filter(change=change).select_related("actor", "list", "todo").order_by("pk")


class Activity(models.Model):
    """Who did what to a to-do, or to a list where there is no to-do; written with the change, never changed."""

    list = models.ForeignKey(
        "todos.TodoList", on_delete=models.CASCADE, related_name="activities", verbose_name=gettext_lazy("list")
    )
    todo = models.ForeignKey(
        "todos.Todo",
        on_delete=models.CASCADE,
        null=True,
        related_name="activities",
        verbose_name=gettext_lazy("to-do"),
    )
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=gettext_lazy("who"),
    )
    verb = models.CharField(gettext_lazy("action"), max_length=32, choices=Verb)
    changes = models.JSONField(
        gettext_lazy("changes"), default=dict, help_text=gettext_lazy("The old and new value of each field.")
    )
    created_at = models.DateTimeField(gettext_lazy("at"), default=timezone.now)
    change = models.UUIDField(
        gettext_lazy("change"),
        null=True,  # in rows that are older than this column
        editable=False,
        help_text=gettext_lazy("Shared by everything done in one transaction."),
    )

    objects = ActivityQuerySet.as_manager()

    class Meta:
        verbose_name = gettext_lazy("activity")
        verbose_name_plural = gettext_lazy("activities")
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["todo", "-id"], name="todos_activity_todo"),
            models.Index(fields=["list", "-id"], name="todos_activity_list"),
            models.Index(fields=["created_at"], name="todos_activity_created"),
            models.Index(fields=["change"], condition=models.Q(change__isnull=False), name="todos_activity_change"),
        ]
        constraints = [models.CheckConstraint(condition=models.Q(verb__in=Verb.values), name="todos_activity_verb")]

    def __str__(self) -> str:
        return self.sentence

    @classmethod
    def record(
        cls,
        verb: Verb,
        *,
        by: User | None,
        at: datetime,
        list_id: int,
        todo: Todo | None = None,
        changes: Changes | None = None,
    ) -> None:
        """Write a row about the to-do, or about the list as a whole, in the transaction of the change."""
        record([cls(list_id=list_id, todo=todo, actor=by, verb=verb, changes=changes or {}, created_at=at)])

    @property
    def sentence(self) -> str:
        """What happened, without who: plain text. Names no list, as the reader may not know the other one."""
        if self.verb == Verb.EDITED:
            return self._edited()
        if self.verb == Verb.MOVED:
            return _("moved it to another list") if "list" in self.changes else _("moved it within the list")
        if self.verb in (Verb.MEMBER_ADDED, Verb.MEMBER_ROLE_CHANGED, Verb.MEMBER_REMOVED):
            return self._member()
        if self.verb == Verb.LIST_RENAMED:
            old, new = self.changes.get("name", ["", ""])
            return _("renamed the list from “%(old)s” to “%(new)s”") % {"old": old, "new": new}
        if "file" in self.changes:
            return self._file()
        plain = {
            Verb.ADDED: _("added it"),
            Verb.COMPLETED: _("completed it"),
            Verb.REOPENED: _("reopened it"),
            Verb.TRASHED: _("moved it to the trash"),
            Verb.RESTORED: _("restored it"),
        }
        return plain.get(Verb(self.verb)) or self.get_verb_display()

    def _edited(self) -> str:
        if "text" not in self.changes:
            return _("changed the notes")
        old, new = self.changes["text"]
        names = {"old": old, "new": new}
        if "notes" in self.changes:
            return _("changed the notes and the text, from “%(old)s” to “%(new)s”") % names
        return _("changed the text from “%(old)s” to “%(new)s”") % names

    def _file(self) -> str:
        old, new = self.changes["file"]
        names = {"file": new or old, "caption": self.changes.get("caption", ["", ""])[1]}
        if self.verb == Verb.FILE_CAPTIONED:
            text = (
                _("captioned “%(file)s”: “%(caption)s”") if names["caption"] else _("removed the caption of “%(file)s”")
            )
            return text % names
        sentences = {
            Verb.FILE_ADDED: _("attached “%(file)s”"),
            Verb.FILE_MOVED: _("reordered “%(file)s”"),
            Verb.FILE_TRASHED: _("removed “%(file)s”"),
            Verb.FILE_RESTORED: _("restored “%(file)s”"),
            Verb.FILE_ERASED: _("permanently deleted “%(file)s”"),
            Verb.FILE_LOST: _("removed “%(file)s”, which was lost or is no longer accepted"),
        }
        return sentences[Verb(self.verb)] % names

    def _member(self) -> str:
        old, new = self.changes.get("role", [None, None])
        old_name, new_name = self.changes.get("member", [None, None])
        names = {
            "member": new_name or old_name or _("a former member"),
            "old": _role_name(old),
            "new": _role_name(new),
        }
        if self.verb == Verb.MEMBER_ADDED:
            return _("added %(member)s as %(new)s") % names
        if self.verb == Verb.MEMBER_REMOVED:
            return _("removed %(member)s") % names
        return _("changed the role of %(member)s from %(old)s to %(new)s") % names


def _role_name(role: str | None) -> str:
    return str(Role(role).label).lower() if role in Role.values else ""
