from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import quote
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from workflows.admin.base import Board, Verb
from workflows.core.definitions import ScheduleDefinition, schedules
from workflows.models import Firing, Run, Schedule
from workflows.transitions import schedules as transitions

FIRINGS = 100


@dataclass(frozen=True)
class Listed:
    """A schedule as declared in code, and its row; either may be missing."""

    name: str
    made: ScheduleDefinition | None
    row: Any

    @property
    def verbs(self) -> list[str]:
        if self.made is None:
            return []
        return ["on" if self.row and self.row.disabled_at else "off", "fire"]


def _on(name: str, request: HttpRequest) -> str:
    done = transitions.switch(name, on=True, by=request.user)
    return _("The schedule was switched on.") if done else _("The schedule was already on.")


def _off(name: str, request: HttpRequest) -> str:
    done = transitions.switch(name, on=False, by=request.user)
    return _("The schedule was switched off.") if done else _("The schedule was already off.")


def _fire(name: str, request: HttpRequest) -> str:
    run = transitions.fire(name, by=request.user)
    url = reverse("admin:workflows_run_change", args=[quote(run.pk)])
    return format_html('{} <a href="{}">{}</a>', _("It fired and started the run"), url, run.pk)


@admin.register(Schedule)
class ScheduleAdmin(Board):
    verbs = {
        "on": Verb(gettext_lazy("Switch on"), _on),
        "off": Verb(gettext_lazy("Switch off"), _off),
        "fire": Verb(gettext_lazy("Fire now"), _fire),
    }

    def show_all(self, request: HttpRequest) -> HttpResponse:
        listed = [(one, self.buttons(one.verbs)) for one in _listed()]
        return self.page(request, "workflows/schedules.html", title=_("Schedules"), schedules=listed)

    def show(self, request: HttpRequest, pk: str) -> HttpResponse:
        found = next((one for one in _listed() if one.name == pk), None)
        if found is None:
            raise Http404
        firings = Firing.objects.filter(schedule=pk).select_related("run")
        firings = firings.defer("run__input", "run__output", "run__error").order_by("-fire_at")[:FIRINGS]
        return self.page(
            request,
            "workflows/schedule.html",
            title=pk,
            one=found,
            verbs=self.buttons(found.verbs),
            firings=firings,
        )


def _listed() -> list[Listed]:
    """Return what is declared and what has a row; one query."""
    made = {definition.name: definition for definition in schedules()}
    rows = {row.pk: row for row in _with_last(Schedule.objects.select_related("disabled_by"))}
    return [Listed(name, made.get(name), rows.get(name)) for name in sorted({*made, *rows})]


def _with_last(rows: QuerySet[Schedule]) -> QuerySet[Any]:
    last = Firing.objects.filter(schedule=OuterRef("pk")).order_by("-fire_at")
    run = Run.objects.filter(pk=OuterRef("last_run"))
    return rows.annotate(
        last_at=Subquery(last.values("fired_at")[:1]), last_run=Subquery(last.values("run")[:1])
    ).annotate(last_status=Subquery(run.values("status")[:1]))
