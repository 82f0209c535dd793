from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django import template
from django.contrib.admin.utils import quote
from django.urls import reverse
from django.utils.translation import gettext as _

from workflows.admin import overview

register = template.Library()


@register.filter
def took(duration: timedelta | None) -> str:
    """Show a duration with two units at most: 0.8 s, 4 min 10 s, 2 h 5 min, 3 d 4 h."""
    if duration is None:
        return ""
    seconds = duration.total_seconds()
    if seconds < 60:
        return (
            f"{seconds:.0f} s"
            if seconds >= 10
            else f"{seconds:.1f} s"
            if seconds >= 0.1
            else f"{seconds * 1000:.0f} ms"
        )
    minutes, hours = int(seconds // 60), int(seconds // 3600)
    if hours == 0:
        return _join((minutes, "min"), (int(seconds % 60), "s"))
    if hours < 24:
        return _join((hours, "h"), (minutes % 60, "min"))
    return _join((hours // 24, "d"), (hours % 24, "h"))


@register.simple_tag
def run_url(pk: str) -> str:
    return reverse("admin:workflows_run_change", args=[quote(pk)])


@register.simple_tag
def verb_url(model: str, pk: Any, verb: str) -> str:
    """Return where a verb is posted to, of a row of `model`."""
    return reverse(f"admin:workflows_{model}_do", args=[quote(pk), verb])


@dataclass(frozen=True)
class Tab:
    label: str
    url: str
    is_current: bool


@register.simple_tag(takes_context=True)
def tabs(context: dict[str, Any]) -> list[Tab]:
    """Return the pages of the console that this person may view."""
    user, path = context["request"].user, context["request"].path
    front = reverse("admin:app_list", kwargs={"app_label": "workflows"})
    found = [Tab(_("Overview"), front, path == front)]
    for model, label in (
        ("run", _("Runs")),
        ("queuestate", _("Queues")),
        ("message", _("Messages")),
        ("schedule", _("Schedules")),
        ("worker", _("Workers")),
        ("auditline", _("Audit lines")),
    ):
        if user.has_perm(f"workflows.view_{model}"):
            url = reverse(f"admin:workflows_{model}_changelist")
            found.append(Tab(label, url, path.startswith(url)))
    return found


@register.simple_tag(takes_context=True)
def matters(context: dict[str, Any]) -> list[overview.Matter] | None:
    """Return what needs attention, or None for those who may not look."""
    return overview.matters() if overview.may_look(context["request"]) else None


@register.simple_tag(takes_context=True)
def panels(context: dict[str, Any]) -> list[overview.Panel]:
    return overview.panels() if overview.may_look(context["request"]) else []


@register.filter
def of(values: dict[str, int], name: str) -> int:
    return values[name]


def _join(first: tuple[int, str], second: tuple[int, str]) -> str:
    return " ".join(f"{number} {_(unit)}" for number, unit in (first, second) if number)
