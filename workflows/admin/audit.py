from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext, gettext_lazy

from workflows.admin.base import Console
from workflows.models import AuditLine

SUBJECTS = [
    ("run", gettext_lazy("runs")),
    ("queue", gettext_lazy("queues")),
    ("message", gettext_lazy("messages")),
    ("schedule", gettext_lazy("schedules")),
]


class SubjectFilter(admin.SimpleListFilter):
    title = gettext_lazy("subject")
    parameter_name = "about"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return SUBJECTS

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(subject=self.value()) if self.value() else queryset


@admin.register(AuditLine)
class AuditLineAdmin(Console):
    list_display = ("at", "who", "verb", "subject", "subject_id", "detail")
    list_display_links = None
    list_filter = (SubjectFilter,)
    list_select_related = ("actor",)
    search_fields = ("=subject_id",)
    search_help_text = gettext_lazy("A run's id, or the name of a queue or schedule")
    sortable_by: ClassVar[tuple[str, ...]] = ()

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=gettext_lazy("who"))
    def who(self, line: AuditLine) -> str:
        return str(line.actor) if line.actor else gettext("command line or code")
