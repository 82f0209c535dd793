"""What the pages of the console share: no editing, verbs as POST, and no count over a whole table."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import quote, unquote
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from workflows.core.errors import EngineError

ACT_ON = 500
"""Rows that one action acts on; more would outlast the request."""
COUNT_TO = 10_000
"""Rows that a list counts and pages through; filter to see older ones."""


class BoundedPaginator(Paginator[Any]):
    """Counts no further than COUNT_TO: a list of a million rows costs as much as one of ten thousand."""

    @cached_property
    def count(self) -> int:
        return len(self.object_list.order_by().values_list("pk", flat=True)[:COUNT_TO])  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Verb:
    """Something an operator can do to a row: `act(id, request)` calls one transition and returns what to say."""

    label: Any
    act: Callable[[str, HttpRequest], str]
    confirm: Any = ""  # what is asked before, for what cannot be undone


class Console(admin.ModelAdmin[Any]):
    """A page of rows that only transitions write.

    People with the view permission can look; people with the change permission post verbs to `<id>/do/<verb>/`.
    """

    verbs: Mapping[str, Verb] = {}
    has_pages = False  # of its own for each row
    paginator = BoundedPaginator
    list_per_page = 50
    list_max_show_all = 50
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    empty_value_display = ""

    class Media:
        css = {"all": ["workflows/console.css"]}

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        do = path(
            "<path:object_id>/do/<str:verb>/",
            self.admin_site.admin_view(self.do),
            name=f"{self.opts.app_label}_{self.opts.model_name}_do",
        )
        return [do, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if request.method == "POST" and not self.has_change_permission(request):
            raise PermissionDenied
        title = self.opts.verbose_name_plural
        return super().changelist_view(request, {"title": capfirst(title), **(extra_context or {})})

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        return self.show(request, unquote(object_id))

    def show(self, request: HttpRequest, pk: str) -> HttpResponse:
        """Answer with one row's page; those without are shown by their list."""
        return HttpResponseRedirect(self.list_url())

    def do(self, request: HttpRequest, object_id: str, verb: str) -> HttpResponse:
        """Do the verb and go back; if it cannot be undone, ask first."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.has_change_permission(request):
            raise PermissionDenied
        if verb not in self.verbs:
            raise Http404
        found, pk = self.verbs[verb], unquote(object_id)
        if found.confirm and "confirmed" not in request.POST:
            return self.ask(request, found, subject=f"{self.opts.verbose_name} {pk}", back=self.next_url(request, pk))
        try:
            messages.success(request, found.act(pk, request))
        except EngineError as refusal:
            messages.error(request, str(refusal))
        return HttpResponseRedirect(self.next_url(request, pk))

    def do_all(self, request: HttpRequest, verb: str, queryset: Any) -> HttpResponse | None:
        """Do the verb to the selected rows, each by itself, as an action of the list."""
        found, ids = self.verbs[verb], list(queryset.order_by().values_list("pk", flat=True)[:ACT_ON])
        if found.confirm and "confirmed" not in request.POST:
            fields = {"action": [request.POST["action"]], "_selected_action": ids}
            subject = ngettext("%d row", "%d rows", len(ids)) % len(ids)
            return self.ask(request, found, subject=subject, back=request.get_full_path(), fields=fields)
        done, refusals = 0, []
        for pk in ids:
            try:
                found.act(pk, request)
                done += 1
            except EngineError as refusal:
                refusals.append(str(refusal))
        self.report(request, done, refusals)
        if len(ids) == ACT_ON:
            text = _("Those were the first %d. Repeat the action for the rest.") % ACT_ON
            messages.warning(request, text)
        return None

    def report(self, request: HttpRequest, done: int, refusals: list[str]) -> None:
        if done:
            messages.success(request, ngettext("Done, %d row.", "Done, %d rows.", done) % done)
        for text in refusals[:5]:
            messages.error(request, text)
        if more := len(refusals[5:]):
            messages.error(request, ngettext("%d more was refused.", "%d more were refused.", more) % more)

    def ask(
        self,
        request: HttpRequest,
        verb: Verb,
        *,
        subject: str,
        back: str,
        fields: Mapping[str, list[Any]] | None = None,
    ) -> HttpResponse:
        """Answer with a page that posts the same again, confirmed, or leads back."""
        posted = [(name, value) for name, values in (fields or {}).items() for value in values]
        if "next" in request.POST:
            posted.append(("next", request.POST["next"]))
        return self.page(
            request, "workflows/confirm.html", title=verb.label, verb=verb, subject=subject, back=back, fields=posted
        )

    def page(self, request: HttpRequest, template: str, **context: Any) -> TemplateResponse:
        return TemplateResponse(
            request,
            template,
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "list_url": self.list_url(),
                "may_change": self.has_change_permission(request),
                **context,
            },
        )

    def buttons(self, names: Iterable[str]) -> list[tuple[str, Verb]]:
        """Return the verbs of those names, for the template."""
        return [(name, self.verbs[name]) for name in names]

    def list_url(self) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")

    def next_url(self, request: HttpRequest, pk: str) -> str:
        """Return where to go after a verb: the page that it was posted from, the row's own, or the list."""
        asked = request.POST.get("next", "")
        if url_has_allowed_host_and_scheme(asked, allowed_hosts=None):
            return asked
        if self.has_pages and self.get_queryset(request).filter(pk=pk).exists():
            return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[quote(pk)])
        return self.list_url()


class Board(Console):
    """One page with all rows, those that code declares among them; few enough to need no filters."""

    def changelist_view(
        self,
        request: HttpRequest,
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        if not self.has_view_permission(request) or request.method == "POST":
            raise PermissionDenied
        return self.show_all(request)

    def show_all(self, request: HttpRequest) -> HttpResponse:
        raise NotImplementedError
