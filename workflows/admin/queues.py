from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from workflows.admin.base import Board, Verb
from workflows.models import QueueState
from workflows.monitoring import readings
from workflows.transitions import messages


def _pause(queue: str, request: HttpRequest) -> str:
    done = messages.pause(queue, by=request.user)
    return _("The queue was paused.") if done else _("The queue was already paused.")


def _resume(queue: str, request: HttpRequest) -> str:
    done = messages.resume(queue, by=request.user)
    return _("The queue was resumed.") if done else _("The queue was not paused.")


@admin.register(QueueState)
class QueueAdmin(Board):
    """The queues that code declares, with what operators set."""

    verbs = {
        "pause": Verb(gettext_lazy("Pause"), _pause),
        "resume": Verb(gettext_lazy("Resume"), _resume),
    }

    def show_all(self, request: HttpRequest) -> HttpResponse:
        return self.page(request, "workflows/queues.html", title=_("Queues"), queues=readings.queues())
