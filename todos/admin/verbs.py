"""What the console's pages share that change rows through their verbs."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from project.lib.refusals import Refused


class SetFilter(admin.SimpleListFilter):
    """By whether the timestamp named like the parameter is set."""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("Yes")), ("no", _("No"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if not self.value():
            return queryset
        return queryset.filter(**{f"{self.parameter_name}_at__isnull": self.value() == "no"})


class TrashFilter(SetFilter):
    title = _("in the trash")
    parameter_name = "trashed"


class VerbAdmin(admin.ModelAdmin[Any]):
    """Changes rows through their verbs; where one is refused, nothing is changed or logged, and only that is told."""

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return unless_refused(request, partial(super().changeform_view, request, *args, **kwargs))

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return unless_refused(request, partial(super().delete_view, request, *args, **kwargs))


class Trashing(VerbAdmin):
    """Moves to the trash and restores; neither adds nor deletes."""

    list_per_page = 50
    view_on_site = False  # an operator is rarely a member, and would find nothing there
    show_full_result_count = False
    actions = ("put_in_trash", "restore")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_trash_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(f"todos.change_{self.opts.model_name}")

    @admin.action(description=_("Move to trash"), permissions=["trash"])
    def put_in_trash(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        _run(request, (partial(row.trash, by=request.user) for row in queryset))

    @admin.action(description=_("Restore from trash"), permissions=["trash"])
    def restore(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        _run(request, (partial(row.restore, by=request.user) for row in queryset))


def unless_refused[T](request: HttpRequest, view: Callable[[], T]) -> T | HttpResponseRedirect:
    """Return what the view returns; if it is refused, show the page again with the reason."""
    try:
        return view()
    except Refused as reason:
        messages.error(request, str(reason))
        return HttpResponseRedirect(request.get_full_path())


def _run(request: HttpRequest, verbs: Iterable[Callable[[], bool]]) -> None:
    """Run each verb; tell how many changed something, and why others were refused."""
    changed, reasons = 0, set()
    for verb in verbs:
        try:
            changed += verb()
        except Refused as refused:
            reasons.add(str(refused))
    for reason in sorted(reasons):
        messages.error(request, reason)
    messages.success(request, ngettext("%d was changed.", "%d were changed.", changed) % changed)
