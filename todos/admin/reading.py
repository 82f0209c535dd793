"""Read-only pages for operators: the history, and the outcome of bulk adds."""

from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.utils import quote
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.admin.reading import ReadOnly
from todos.models import Activity, BulkAdd, SkippedLines
from todos.models.bulkadd import State
from workflows.models import Run

MOST_PROBLEMS = 100
"""Problems that a bulk add's page shows; there may be one for each of 100,000 lines."""


@admin.register(Activity)
class ActivityAdmin(ReadOnly[Any]):
    date_hierarchy = "created_at"
    ordering = ("-id",)
    list_display = ("created_at", "actor", "verb", "list", "todo")
    list_filter = ("verb",)
    list_select_related = ("actor", "list", "todo")
    search_fields = ("todo__text", "list__name", "actor__email")
    fields: ClassVar = ["created_at", "actor", "verb", "list", "todo", "changes", "change"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Activity]:
        return super().get_queryset(request).select_related("actor", "list", "todo")


class StateFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(State.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        asked = self.value()
        if asked is None or asked not in State:
            return queryset
        return queryset.filter(pk__in=BulkAdd.objects.in_state(State(asked)).values("pk"))


@admin.register(BulkAdd)
class BulkAddAdmin(ReadOnly[Any]):
    date_hierarchy = "created_at"
    ordering = ("-id",)
    list_display = (
        "__str__",
        "list",
        "created_by",
        "created_at",
        "shown_state",
        *("lines", "added", "skipped", "failed"),
    )
    list_filter = (StateFilter, "ending")
    search_fields = ("=id", "file_name", "list__name", "created_by__email")
    search_help_text = _("Number, file name, name of the list, or address of the person who added it")
    fields = (
        *("list", "created_by", "created_at", "file_name", "size", "shown_state", "ending", "runs"),
        *("lines", "added", "skipped", "failed", "undone", "problems", "checked_at", "confirmed_at", "confirmed_by"),
        *("finished_at", "finished_by", "undo_at", "undo_by", "undone_at"),
    )
    readonly_fields = ("shown_state", "runs", "problems")

    def get_queryset(self, request: HttpRequest) -> QuerySet[BulkAdd]:
        return BulkAdd.objects.for_page()

    @admin.display(description=_("state"))
    def shown_state(self, row: BulkAdd) -> str:
        return str(row.state.label)

    @admin.display(description=_("workflow runs"))
    def runs(self, row: BulkAdd) -> str:
        """Link to those that are not pruned."""
        found = Run.objects.filter(pk__in=[row.run_id, row.undo_run_id]).order_by("pk").only("pk", "status")
        linked = (
            (reverse("admin:workflows_run_change", args=[quote(run.pk)]), run.pk, run.get_status_display())
            for run in found
        )
        return format_html_join(", ", '<a href="{}">{}</a> {}', linked)

    @admin.display(description=_("skipped lines"))
    def problems(self, row: BulkAdd) -> str:
        found = list(row.skipped_lines.in_order()[: MOST_PROBLEMS + 1])
        shown = format_html_join(
            "", "<li>{}: {} <q>{}</q></li>", ((_lines(one), one.reason, one.excerpt) for one in found[:MOST_PROBLEMS])
        )
        more = gettext("These are the first %d. The member's page shows all of them.") % MOST_PROBLEMS
        return format_html("<ul>{}</ul>{}", shown, more if len(found) > MOST_PROBLEMS else "") if found else ""


def _lines(found: SkippedLines) -> str:
    if found.first == found.last:
        return gettext("Line %(n)s") % {"n": found.first}
    return gettext("Lines %(first)s to %(last)s") % {"first": found.first, "last": found.last}
