import json
from datetime import timedelta
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.admin.utils import quote, unquote
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from workflows.admin.base import Console, Verb
from workflows.admin.timeline import Timeline
from workflows.core import clock
from workflows.core.definitions import workflow_names
from workflows.models import Run, RunStatus
from workflows.transitions import steering

AGES = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(weeks=1)}


class WorkflowFilter(admin.SimpleListFilter):
    """By the names that code has: the distinct ones of a million rows would take a scan."""

    title = gettext_lazy("workflow")
    parameter_name = "workflow"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        names = workflow_names()
        asked = request.GET.get(self.parameter_name, "")  # perhaps one whose code is gone
        return [(name, name) for name in (names if not asked or asked in names else [*names, asked])]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(workflow=self.value()) if self.value() else queryset


class StatusFilter(admin.SimpleListFilter):
    title = gettext_lazy("status")
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [*RunStatus.choices, ("late", gettext_lazy("late")), ("codeless", gettext_lazy("waiting for code"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        if value == "late":
            return queryset.due_before(clock.now() - timedelta(minutes=1))  # type: ignore[attr-defined, no-any-return]
        if value == "codeless":
            return queryset.without_code(clock.now())  # type: ignore[attr-defined, no-any-return]
        return queryset.in_status(value) if value in RunStatus.values else queryset  # type: ignore[attr-defined]


class AgeFilter(admin.SimpleListFilter):
    title = gettext_lazy("age")
    parameter_name = "age"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("hour", gettext_lazy("the last hour")),
            ("day", gettext_lazy("the last 24 hours")),
            ("week", gettext_lazy("the last 7 days")),
            ("old", gettext_lazy("older than 7 days")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "old":
            return queryset.filter(created_at__lt=clock.now() - AGES["week"])
        age = AGES.get(self.value() or "")
        return queryset.filter(created_at__gte=clock.now() - age) if age else queryset


class EventForm(forms.Form):
    type = forms.CharField(label=gettext_lazy("Type"), max_length=steering.EVENT_TYPE_LIMIT)
    payload = forms.CharField(
        label=gettext_lazy("Payload (JSON)"), required=False, widget=forms.Textarea(attrs={"rows": 3})
    )

    def clean_payload(self) -> Any:
        """Return what the JSON says; nothing is null."""
        try:
            return json.loads(self.cleaned_data["payload"] or "null")
        except (ValueError, RecursionError) as error:  # the latter for what is nested too deeply
            raise forms.ValidationError(_("This is not JSON: %s") % error) from None


def _pause(pk: str, request: HttpRequest) -> str:
    return _("The run was paused.") if steering.pause(pk, by=request.user) else _("The run was already paused.")


def _resume(pk: str, request: HttpRequest) -> str:
    steering.resume(pk, by=request.user)
    return _("The run was resumed.")


def _cancel(pk: str, request: HttpRequest) -> str:
    return _("The run was cancelled.") if steering.cancel(pk, by=request.user) else _("The run was already cancelled.")


def _retry(pk: str, request: HttpRequest) -> str:
    steering.retry(pk, by=request.user)
    return _("The run will be retried.")


def _restart(pk: str, request: HttpRequest) -> str:
    made = steering.restart(pk, from_step=request.POST.get("from_step") or None, by=request.user)
    url = reverse("admin:workflows_run_change", args=[quote(made.pk)])
    return format_html('{} <a href="{}">{}</a>', _("A new run was started:"), url, made.pk)


def _send_event(pk: str, request: HttpRequest) -> str:
    form = EventForm(request.POST)
    form.is_valid()  # RunAdmin.do has seen to it
    steering.send_event(pk, form.cleaned_data["type"], form.cleaned_data["payload"], by=request.user)
    return _("The event was sent.")


@admin.register(Run)
class RunAdmin(Console):
    verbs = {
        "pause": Verb(gettext_lazy("Pause"), _pause),
        "resume": Verb(gettext_lazy("Resume"), _resume),
        "retry": Verb(gettext_lazy("Retry"), _retry),
        "restart": Verb(gettext_lazy("Restart as a new run"), _restart),
        "cancel": Verb(
            gettext_lazy("Cancel run"),
            _cancel,
            confirm=gettext_lazy("It stops where it is, along with its children, and can't be resumed. Cancel it?"),
        ),
        "send_event": Verb(gettext_lazy("Send event"), _send_event),
    }
    has_pages = True
    list_display = ("id", "chip", "workflow", "progress", "waits", "created_at")
    list_filter = (StatusFilter, AgeFilter, WorkflowFilter)
    search_fields = ("=id",)
    search_help_text = gettext_lazy("A run's id")
    ordering = ("-created_at",)
    sortable_by: ClassVar[tuple[str, ...]] = ()
    actions = ("pause_all", "resume_all", "retry_all", "restart_all", "cancel_all")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).defer("input", "output", "error")

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """Find one by its id, which may hold blanks and quotes."""
        return (queryset.filter(pk=search_term.strip()) if search_term.strip() else queryset), False

    def show(self, request: HttpRequest, pk: str, *, event: EventForm | None = None) -> HttpResponse:
        timeline = Timeline.read(pk, page=request.GET.get("page", "1"))
        if timeline is None:
            raise Http404
        verbs = self.buttons(verb for verb in applicable(timeline.run) if verb != "send_event")
        return self.page(
            request,
            "workflows/run.html",
            title=pk,
            timeline=timeline,
            run=timeline.run,
            verbs=verbs,
            takes_events="send_event" in applicable(timeline.run),
            event=event or EventForm(),
        )

    def do(self, request: HttpRequest, object_id: str, verb: str) -> HttpResponse:
        if verb == "send_event" and request.method == "POST":
            if not self.has_change_permission(request):
                raise PermissionDenied
            if not (form := EventForm(request.POST)).is_valid():
                return self.show(request, unquote(object_id), event=form)
        return super().do(request, object_id, verb)

    @admin.action(description=gettext_lazy("Pause"), permissions=["change"])
    def pause_all(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        return self.do_all(request, "pause", queryset)

    @admin.action(description=gettext_lazy("Resume"), permissions=["change"])
    def resume_all(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        return self.do_all(request, "resume", queryset)

    @admin.action(description=gettext_lazy("Retry"), permissions=["change"])
    def retry_all(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        return self.do_all(request, "retry", queryset)

    @admin.action(description=gettext_lazy("Restart as new runs"), permissions=["change"])
    def restart_all(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        return self.do_all(request, "restart", queryset)

    @admin.action(description=gettext_lazy("Cancel runs"), permissions=["change"])
    def cancel_all(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        return self.do_all(request, "cancel", queryset)

    @admin.display(description=gettext_lazy("status"))
    def chip(self, run: Run) -> str:
        return render_to_string("workflows/_chip.html", {"status": run.status, "label": run.get_status_display()})

    @admin.display(description=gettext_lazy("progress"))
    def progress(self, run: Run) -> str | None:
        return render_to_string("workflows/_progress.html", {"run": run}) if run.progress_done is not None else None

    @admin.display(description=gettext_lazy("waits for"))
    def waits(self, run: Run) -> str | None:
        if not run.waiting_for:
            return None
        if run.wake_at is None:
            return run.waiting_for
        until = date_format(localtime(run.wake_at), "DATETIME_FORMAT")
        return _("%(what)s until %(until)s") % {"what": run.waiting_for, "until": until}


def applicable(run: Run) -> list[str]:
    """Return the verbs that the run's status allows now."""
    if run.is_finished:
        return ["retry", "restart"] if run.status == RunStatus.FAILED else ["restart"]
    paused = run.status == RunStatus.PAUSED or run.paused_at is not None
    return ["resume" if paused else "pause", "cancel", "send_event"]
