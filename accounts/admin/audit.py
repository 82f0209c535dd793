"""The audit log in the operator console, read-only."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.admin.reading import ReadOnly
from accounts.models import AuditEvent


class LoggedOneByOne[M: models.Model](admin.ModelAdmin[M]):
    """Django inserts the log of several deletions at once, of which no signal tells the audit."""

    def log_deletions(self, request: HttpRequest, queryset: Any) -> list[LogEntry]:
        alone: list[Any] = [[row] for row in queryset]
        return [entry for row in alone for entry in super(LoggedOneByOne, self).log_deletions(request, row)]


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnly[AuditEvent]):
    list_display = ("at", "kind", "person", "actor", "address", "detail")
    list_filter = ("kind",)
    list_select_related = ("person", "actor")
    search_fields = ("person__email", "actor__email", "=address")
    search_help_text = _("A person's email address, or a client address")
    date_hierarchy = "at"
    ordering = ("-id",)
    fields = ("at", "kind", "person", "actor", "address", "detail")
    show_facets = admin.ShowFacets.NEVER
