from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django_q.models import Failure, OrmQ, Schedule, Success

from workflows.models import Worker

# django-q2's own pages show the arguments of jobs, among them mails with password reset links, and let staff run
# any function by its name.
for model in (Failure, OrmQ, Schedule, Success):
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


@admin.register(OrmQ)
class QueuedJobAdmin(ReadOnlyAdmin):
    list_display = ["id", "function", "due_at"]
    fields = ["id", "function", "due_at"]
    ordering = ["lock"]

    @admin.display(description=_("function"))
    def function(self, job: OrmQ) -> str:
        return str(job.func())

    @admin.display(description=_("due, or delivered again, at"), ordering="lock")
    def due_at(self, job: OrmQ) -> Any:
        return job.lock


@admin.register(Failure)
class FailedJobAdmin(ReadOnlyAdmin):
    list_display = ["id", "func", "started", "stopped"]
    list_filter = ["func"]
    fields = ["id", "func", "started", "stopped", "result"]
    date_hierarchy = "stopped"

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A failure that was looked at may go."""
        return admin.ModelAdmin.has_delete_permission(self, request, obj)
