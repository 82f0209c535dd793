from __future__ import annotations

from typing import Any, Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from todos.models.bulkadd import BulkAdd
from todos.models.todo import TEXT_LENGTH

EXCERPT_LENGTH = 80


class Problem(models.TextChoices):
    """Why a line is no to-do."""

    EMPTY = "empty", _("empty")
    INVISIBLE = "invisible", _("nothing visible")
    TOO_LONG = "too_long", _("too long")
    CONTROL = "control", _("a character that can't be stored")
    ENCODING = "encoding", _("not UTF-8")


class SkippedLinesQuerySet(models.QuerySet["SkippedLines"]):
    def in_order(self) -> Self:
        return self.order_by("first")


class SkippedLines(models.Model):
    """Lines in a row that are no to-do, for the same reason."""

    bulk_add = models.ForeignKey(BulkAdd, on_delete=models.CASCADE, related_name="skipped_lines", db_index=False)
    first = models.PositiveIntegerField(_("first line"))
    last = models.PositiveIntegerField(_("last line"))
    problem = models.CharField(_("problem"), max_length=12, choices=Problem)
    detail = models.CharField(_("detail"), max_length=20, blank=True)
    place = models.PositiveIntegerField(_("place"), null=True)
    excerpt = models.CharField(_("excerpt"), max_length=EXCERPT_LENGTH, blank=True)

    objects = SkippedLinesQuerySet.as_manager()

    class Meta:
        verbose_name = _("skipped lines")
        verbose_name_plural = _("skipped lines")
        ordering = ["first"]
        constraints = [
            models.UniqueConstraint(fields=["bulk_add", "first"], name="todos_skipped_once"),
            models.CheckConstraint(condition=Q(problem__in=Problem.values), name="todos_skipped_problem"),
            models.CheckConstraint(condition=Q(first__lte=F("last")), name="todos_skipped_order"),
        ]

    def __str__(self) -> str:
        return f"{self.first}-{self.last} {self.problem}"

    @property
    def reason(self) -> str:
        return explain(self.problem, detail=self.detail, place=self.place)

    @classmethod
    def keep(cls, found: list[dict[str, Any]], *, bulk_add: BulkAdd) -> None:
        """Store what a check found; once, however often the check is repeated."""
        rows = (SkippedLines(bulk_add=bulk_add, **fields) for fields in found)
        SkippedLines.objects.bulk_create(rows, ignore_conflicts=True)


def explain(problem: str, *, detail: str, place: int | None) -> str:
    """Return why a line is no to-do, as a sentence."""
    names = {"detail": detail, "place": place, "limit": TEXT_LENGTH}
    if problem == Problem.EMPTY:
        return gettext("The line is empty.")
    if problem == Problem.INVISIBLE:
        return gettext("It has no visible text.")
    if problem == Problem.CONTROL:
        return gettext("Character %(place)s (%(detail)s) can't be stored.") % names
    if problem == Problem.ENCODING:
        return gettext("Byte %(place)s (%(detail)s) is not UTF-8.") % names
    if detail:
        return gettext("It has %(detail)s characters. A to-do can have at most %(limit)s.") % names
    return gettext("It is far too long. A to-do can have at most %(limit)s characters.") % names
