from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django_q.models import Failure, Schedule, Success

from workflows.models import Worker

# django-q2's own pages let staff run any function by its name, and there is nothing to see: its jobs carry nothing.
for model in (Failure, Schedule, Success):
    admin.site.unregister(model)


class ReadOnlyAdmin(admin.ModelAdmin[Any]):
    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 - Django's signature
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False


@admin.register(Worker)
class WorkerAdmin(ReadOnlyAdmin):
    list_display = ["name", "started_at", "heartbeat_at", "is_alive"]
    search_fields = ["name"]
    date_hierarchy = "heartbeat_at"

    @admin.display(boolean=True, description=_("alive"))
    def is_alive(self, worker: Worker) -> bool:
        return worker.is_alive()
