from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from workflows.admin.base import Board
from workflows.core import clock
from workflows.core.definitions import consumers
from workflows.models import Message, Run, RunStatus, Worker

MOST = 500
"""Claims that are shown; each process holds about ten."""


@dataclass
class Process:
    """A process of a worker and what it holds."""

    pid: str
    runs: list[Run] = field(default_factory=list)
    messages: dict[str, int] = field(default_factory=dict)  # by queue


@admin.register(Worker)
class WorkerAdmin(Board):
    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def show_all(self, request: HttpRequest) -> HttpResponse:
        held = _held()
        workers = [(worker, held.pop(worker.name, {})) for worker in Worker.objects.order_by("-heartbeat_at", "name")]
        return self.page(request, "workflows/workers.html", title=_("Workers"), workers=workers, gone=held)


def _held() -> dict[str, dict[str, Process]]:
    """Return what is claimed, by worker and process; two queries."""
    found: defaultdict[str, dict[str, Process]] = defaultdict(dict)

    def process(claim: str) -> Process:
        worker, _colon, pid = claim.partition("/")[0].rpartition(":")
        return found[worker or pid].setdefault(pid, Process(pid))

    runs = Run.objects.in_status(RunStatus.RUNNING).defer("input", "output", "error")
    for run in runs.order_by("-created_at")[:MOST]:
        process(run.worker).runs.append(run)
    in_flight = Message.objects.in_flight((made.queue for made in consumers()), clock.now())
    for claim, queue in in_flight.values_list("claim", "queue").order_by("due_at")[:MOST]:
        held = process(claim).messages
        held[queue] = held.get(queue, 0) + 1
    return dict(found)
