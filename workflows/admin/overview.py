"""The front page of background work: what needs attention, and charts of the last hour and day."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from workflows.admin.charts import Chart, chart
from workflows.core import clock
from workflows.core.definitions import schedules
from workflows.models import Run, RunStatus, Schedule, Worker
from workflows.monitoring import readings

LATE = timedelta(minutes=1)
FAILED_WITHIN = timedelta(days=7)
COUNT_TO = 1000

RUNS = {"run.succeeded": "good", "run.failed": "bad"}
MESSAGES = {"message.acknowledged": "good", "message.retried": "soon", "message.dead": "bad"}


@dataclass(frozen=True)
class Matter:
    """Something that needs an operator; `is_bad` if work has stopped or was given up."""

    text: str
    url: str
    is_bad: bool


@dataclass(frozen=True)
class Panel:
    title: str
    legend: list[tuple[str, str, int]]  # class, words, how many
    chart: Chart
    span: str


def matters() -> list[Matter]:
    """Return what needs attention, the worst first; at most eleven queries, each bounded."""
    return sorted(_matters(), key=lambda matter: not matter.is_bad)


def panels() -> list[Panel]:
    """Return the charts; one query."""
    now = clock.now()
    counts = list(readings.by_minute([*RUNS, *MESSAGES], after=now - timedelta(hours=24)))
    made = []
    for title, series in ((_("Runs"), RUNS), (_("Messages"), MESSAGES)):
        named = [(series[name], moment, count) for name, moment, count in counts if name in series]
        for span, every, bars in (
            (_("last hour"), timedelta(minutes=1), 60),
            (_("last 24 hours"), timedelta(minutes=30), 48),
        ):
            drawn = chart(named, series=list(series.values()), now=now, every=every, bars=bars)
            legend = [(css, _words(name), drawn.totals[css]) for name, css in series.items()]
            made.append(Panel(title, legend, drawn, span))
    return made


def may_look(request: HttpRequest) -> bool:
    return request.user.is_active and request.user.is_staff and request.user.has_perm("workflows.view_run")


def _words(name: str) -> str:
    return {
        "run.succeeded": _("succeeded"),
        "run.failed": _("failed"),
        "message.acknowledged": _("acknowledged"),
        "message.retried": _("failed, tried again"),
        "message.dead": _("dead letters"),
    }[name]


def _matters() -> Iterator[Matter]:
    now = clock.now()
    if not Worker.objects.alive().exists():
        yield Matter(_("No worker is running. Nothing will be done until one is."), _list("worker"), is_bad=True)
    elif missing := Worker.objects.silent().count():
        text = ngettext("%d worker has gone silent", "%d workers have gone silent", missing)
        yield Matter(text % missing, _list("worker"), is_bad=False)
    if failed := _count(Run.objects.in_status(RunStatus.FAILED).filter(created_at__gt=now - FAILED_WITHIN)):
        text = ngettext("%s run of the last 7 days failed", "%s runs of the last 7 days failed", failed)
        yield Matter(text % _at_most(failed), _list("run", status="failed", age="week"), is_bad=True)
    if late := _count(Run.objects.due_before(now - LATE)):
        text = ngettext("%s run is more than a minute late", "%s runs are more than a minute late", late)
        yield Matter(text % _at_most(late), _list("run", status="late"), is_bad=True)
    if codeless := _count(Run.objects.without_code(now)):
        text = ngettext(
            "%s run is waiting for code that no worker has", "%s runs are waiting for code that no worker has", codeless
        )
        yield Matter(text % _at_most(codeless), _list("run", status="codeless"), is_bad=True)
    yield from _queue_matters()
    known = [made.name for made in schedules()]
    for name in Schedule.objects.filter(pk__in=known, disabled_at__isnull=False).values_list("pk", flat=True):
        yield Matter(_("Schedule %s is switched off") % name, _list("schedule"), is_bad=False)


def _queue_matters() -> Iterator[Matter]:
    for queue in readings.queues():
        if queue.dead:
            text = ngettext("%(n)d dead letter in %(queue)s", "%(n)d dead letters in %(queue)s", queue.dead)
            url = _list("message", state="dead", queue=queue.name)
            yield Matter(text % {"n": queue.dead, "queue": queue.name}, url, is_bad=True)
        if queue.is_paused:
            yield Matter(_("Queue %s is paused") % queue.name, _list("queuestate"), is_bad=False)
        elif queue.depth and queue.consumer is None:
            yield Matter(_("Queue %s has no consumer in this code") % queue.name, _list("queuestate"), is_bad=True)
        elif queue.oldest > LATE:
            yield Matter(_("Queue %s is more than a minute late") % queue.name, _list("queuestate"), is_bad=True)


def _count(found: Any) -> int:
    """Count no further than one above COUNT_TO."""
    return len(found.order_by().values_list("pk", flat=True)[: COUNT_TO + 1])


def _at_most(count: int) -> str:
    return f"{COUNT_TO}+" if count > COUNT_TO else str(count)


def _list(model: str, **query: str) -> str:
    return reverse(f"admin:workflows_{model}_changelist", query=query or None)
