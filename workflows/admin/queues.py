from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from workflows import readings
from workflows.admin.base import Console, Verb
from workflows.models import QueueState
from workflows.transitions import messages


def _pause(queue: str, request: HttpRequest) -> str:
    done = messages.pause(queue, by=request.user)
    return _("The queue is paused.") if done else _("The queue was paused already.")


def _resume(queue: str, request: HttpRequest) -> str:
    done = messages.resume(queue, by=request.user)
    return _("The queue is delivered again.") if done else _("The queue was not paused.")


@admin.register(QueueState)
class QueueAdmin(Console):
    """The queues that code declares, with what operators set; few enough for one page without filters."""

    verbs = {
        "pause": Verb(gettext_lazy("Pause"), _pause),
        "resume": Verb(gettext_lazy("Resume"), _resume),
    }

    def changelist_view(
        self,
        request: HttpRequest,
        extra_context: dict[str, Any] | None = None,  # noqa: ARG002 - Django's
    ) -> HttpResponse:
        if not self.has_view_permission(request) or request.method == "POST":
            raise PermissionDenied
        return self.page(request, "workflows/queues.html", title=_("Queues"), queues=readings.queues())
