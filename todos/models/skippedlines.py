from __future__ import annotations

from typing import Any, Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from todos.bulk_adds.lines import EXCERPT_LENGTH, Problem, explain
from todos.models.bulkadd import BulkAdd


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
