"""Purging a person in the operator console: one operator asks, another one decides."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.admin.reading import PlainlyNamed
from accounts.admin.rights import may_touch
from accounts.leaving import purging
from accounts.models import PurgeRequest, User
from accounts.sessions.fresh import fresh_session_required
from accounts.text import one_line, validate_characters
from accounts.web.requests import operator
from project.lib.refusals import Refused

PERMISSION = "accounts.purge_person"


class PurgeForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField"}),
        help_text=gettext_lazy("The approver will see this and it is stored. Don't include the person's name."),
    )

    def clean_reason(self) -> str:
        reason = one_line(self.cleaned_data["reason"])
        validate_characters(reason)
        return reason


class PurgingMixin(admin.ModelAdmin[User]):
    """The person's page leads to the page that asks for their purge."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(fresh_session_required(self.purge_view))
        return [path("<path:object_id>/purge/", view, name="accounts_user_purge"), *super().get_urls()]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        person = kwargs.get("obj")
        context["may_purge"] = person is not None and may_purge(request, person)
        return super().render_change_form(request, context, *args, **kwargs)

    def purge_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        person = self.get_object(request, unquote(object_id))
        if person is None:
            raise Http404
        if not may_purge(request, person):
            raise PermissionDenied
        for earlier in PurgeRequest.objects.open().filter(person=person):
            earlier.settle_abandoned()
        form = PurgeForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            try:
                made = purging.ask(person, by=operator(request), reason=form.cleaned_data["reason"])
            except Refused as refusal:
                form.add_error(None, str(refusal))
            else:
                messages.success(request, _("Another operator has 24 hours to approve it."))
                return redirect("admin:accounts_purgerequest_change", made.pk)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Purge this person"),
            "opts": self.opts,
            "original": person,
            "form": form,
            "open_request": person.purge_requests.filter(pk__in=PurgeRequest.objects.open().values("pk")).first(),
        }
        return TemplateResponse(request, "admin/accounts/user/purge.html", context, status=422 if form.errors else 200)


@admin.register(PurgeRequest)
class PurgeRequestAdmin(PlainlyNamed[PurgeRequest]):
    """Requests that wait for approval, and the outcome of earlier ones. Only their verbs create and change rows."""

    list_display = ("__str__", "status", "requested_by", "requested_at", "expires_at", "decided_by", "ended_at")
    list_filter = ("status",)
    list_select_related = ("requested_by", "decided_by")
    list_per_page = 50
    search_fields = ("=person_number", "requested_by__email", "decided_by__email")
    search_help_text = gettext_lazy("A person's number, or an operator's address")
    date_hierarchy = "requested_at"
    fields = (
        *("person_link", "reason", "status", "requested_by", "requested_at", "expires_at"),
        *("decided_by", "decided_at", "hindrance", "ended_at", "run_id"),
    )
    readonly_fields = ("person_link", "run_id")

    def get_object(self, *args: Any, **kwargs: Any) -> PurgeRequest | None:
        row = super().get_object(*args, **kwargs)
        if row:
            row.settle_abandoned()
        return row

    @admin.display(description=gettext_lazy("person"))
    def person_link(self, row: PurgeRequest) -> str:
        if row.person is None:
            return str(row)
        return format_html(
            '<a href="{}">{}</a>', reverse("admin:accounts_user_change", args=[row.person.pk]), row.person.email
        )

    @admin.display(description=gettext_lazy("workflow run"))
    def run_id(self, row: PurgeRequest) -> str:
        return row.run_id

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: PurgeRequest | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: PurgeRequest | None = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: PurgeRequest | None = None) -> bool:
        return may_see_requests(request)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(fresh_session_required(self.decide_view))
        return [path("<path:object_id>/decide/", view, name="accounts_purgerequest_decide"), *super().get_urls()]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        row = kwargs.get("obj")
        if row and row.awaits_decision and may_purge(request, row.person):
            context["may_refuse"] = request.user.pk != row.person_id
            context["may_approve"] = context["may_refuse"] and request.user.pk != row.requested_by_id
        return super().render_change_form(request, context, *args, **kwargs)

    def decide_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        row = self.get_object(request, unquote(object_id))
        if row is None:
            raise Http404
        if not may_purge(request, row.person):
            raise PermissionDenied
        approve, refuse = "approve" in request.POST, "refuse" in request.POST
        if approve == refuse:
            messages.error(request, _("No decision was given. Nothing was done."))
        else:
            self._decide(request, row, approve=approve)
        return redirect("admin:accounts_purgerequest_change", row.pk)

    def _decide(self, request: HttpRequest, row: PurgeRequest, *, approve: bool) -> None:
        try:
            row.decide(approve=approve, by=operator(request))
        except Refused as refusal:
            messages.error(request, str(refusal))
        else:
            done = _("Approved. The purge has started.") if approve else _("Refused. Nothing was deleted.")
            messages.success(request, done)


def may_see_requests(request: HttpRequest) -> bool:
    return any(request.user.has_perm(permission) for permission in ("accounts.view_purgerequest", PERMISSION))


def may_purge(request: HttpRequest, person: User | None) -> bool:
    return request.user.has_perm(PERMISSION) and may_touch(request, person)
