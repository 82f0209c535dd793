"""Invitations in the operator console: who invited whom to what, and inviting to the whole instance.

Rows are made and changed by their verbs only. A new link is for who may invite, and never for what somebody else's
invitation grants: that would let an operator into a list whose owner did not ask them.
"""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts import invitations
from accounts.admin.forms import free_address
from accounts.admin.reading import PlainlyNamed
from accounts.invitations.forms import days_field, uses_field
from accounts.models import Invitation, InvitationState, User
from accounts.models.invitation import InvitationQuerySet
from accounts.web.requests import operator


class InvitationForm(forms.ModelForm[Invitation]):
    email = forms.EmailField(
        label=gettext_lazy("Email address"),
        max_length=254,
        required=False,
        widget=forms.EmailInput(attrs={"class": "vTextField"}),
        help_text=gettext_lazy("Leave empty to get a link that is shown once, for you to pass on."),
    )
    number = uses_field()
    days = days_field()

    class Meta:
        model = Invitation
        fields = ()

    def clean_email(self) -> str:
        email = self.cleaned_data["email"]
        return free_address(email, owner=User()) if email else ""

    def clean(self) -> dict[str, Any]:
        if self.cleaned_data.get("email") and self.cleaned_data.get("number", 1) != 1:
            self.add_error("number", _("An email invitation is for one person."))
        return self.cleaned_data


class StateFilter(admin.SimpleListFilter):
    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(InvitationState.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Invitation]) -> QuerySet[Invitation]:
        assert isinstance(queryset, InvitationQuerySet)
        return queryset.in_state(self.value() or "") if self.value() in InvitationState.values else queryset


class Described(ChangeList):
    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list: Any = invitations.describe(self.result_list)


@admin.register(Invitation)
class InvitationAdmin(PlainlyNamed[Invitation]):
    form = InvitationForm
    list_display = (
        "__str__",
        "made_by",
        "made_for",
        "grants_shown",
        "state_shown",
        "used_shown",
        "made_at",
        "expires_at",
    )
    list_filter = (StateFilter,)
    list_select_related = ("made_by",)
    list_per_page = 50
    search_fields = ("email", "made_by__email", "made_by__name", "uses__person__email", "uses__person__name")
    date_hierarchy = "made_at"
    actions = ("resend_selected", "revoke_selected")
    readonly_fields = (
        *("made_by", "made_at", "made_for", "grants_shown", "state_shown", "used_shown", "expires_at"),
        *("accepted_by", "revoked_by", "revoked_at"),
    )

    def has_delete_permission(self, request: HttpRequest, obj: Invitation | None = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Invitation]:
        return super().get_queryset(request).prefetch_related("uses__person")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return Described

    @admin.display(description=gettext_lazy("for"))
    def made_for(self, row: Invitation) -> str:
        """Return the person it is bound to, else the first few people who used it."""
        people = [str(use) for use in row.uses.all()]
        return row.email or ", ".join(people[:3]) + ("…" if len(people) > 3 else "")

    @admin.display(description=gettext_lazy("accepted by"))
    def accepted_by(self, row: Invitation) -> str:
        uses = [(use, date_format(timezone.localtime(use.used_at), "DATETIME_FORMAT")) for use in row.uses.all()]
        return format_html_join("", "<div>{}, {}</div>", uses)

    @admin.display(description=gettext_lazy("grants"))
    def grants_shown(self, row: Invitation) -> str:
        return ", ".join(row.grants)

    @admin.display(description=gettext_lazy("state"))
    def state_shown(self, row: Invitation) -> str:
        return str(row.state.label)

    @admin.display(description=gettext_lazy("used"))
    def used_shown(self, row: Invitation) -> str:
        return _("%(used)d of %(all)d") % {"used": row.used, "all": row.max_uses}

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Invitation | None:
        found = super().get_object(request, object_id, from_field)
        if found:
            invitations.describe([found])
        return found

    def get_fields(self, request: HttpRequest, obj: Invitation | None = None) -> Any:
        return self.readonly_fields if obj else ("email", "number", "days")

    def get_urls(self) -> list[URLPattern]:
        return [
            path(f"<path:object_id>/{name}/", self.admin_site.admin_view(view), name=f"accounts_invitation_{name}")
            for name, view in (("renew", self.renew_view), ("revoke", self.revoke_view))
        ] + super().get_urls()

    def save_model(
        self, request: HttpRequest, obj: Invitation, form: forms.ModelForm[Invitation], change: bool
    ) -> None:
        if change:
            return  # nothing on the page can be changed
        values, by = form.cleaned_data, operator(request)
        if values["email"]:
            made = invitations.invite(values["email"], by=by, lasts=values["days"])
        else:
            made = invitations.make_link(by=by, uses=values["number"], lasts=values["days"])
        obj.__dict__ |= made.__dict__

    def response_add(self, request: HttpRequest, obj: Invitation, post_url_continue: str | None = None) -> HttpResponse:
        return self._link_page(request, obj) if obj.link else super().response_add(request, obj, post_url_continue)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        row = kwargs.get("obj")
        if row:
            context["title"] = _("View invitation")  # who may change it does so by the buttons
            may = self.has_change_permission(request, row)
            context["may_revoke"] = may and row.may_be_revoked
            context["may_renew"] = row.may_be_renewed and self._may_renew(request, row)
        return super().render_change_form(request, context, *args, **kwargs)

    def renew_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        row = self._to_change(request, object_id)
        if not self._may_renew(request, row):
            raise PermissionDenied
        if not invitations.renew(row, by=operator(request)):
            messages.error(request, _("This invitation has ended. Create a new one."))
        elif row.link:
            return self._link_page(request, row)
        else:
            messages.success(request, _("A new link is on its way to %(email)s.") % {"email": row.email})
        return redirect("admin:accounts_invitation_change", row.pk)

    def revoke_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        row = self._to_change(request, object_id)
        if invitations.revoke(row, by=operator(request)):
            messages.success(request, _("The invitation no longer works."))
        return redirect("admin:accounts_invitation_change", row.pk)

    @admin.action(description=gettext_lazy("Send again (email invitations)"), permissions=["change"])
    def resend_selected(self, request: HttpRequest, queryset: QuerySet[Invitation]) -> None:
        sent = sum(invitations.renew(row, by=operator(request)) for row in queryset if row.email)
        messages.info(request, ngettext("%d link is on its way.", "%d links are on their way.", sent) % sent)
        if left := queryset.count() - sent:
            text = ngettext(
                "%d was skipped: it has ended, or was not sent by email.",
                "%d were skipped: they have ended, or were not sent by email.",
                left,
            )
            messages.warning(request, text % left)

    @admin.action(description=gettext_lazy("Revoke"), permissions=["change"])
    def revoke_selected(self, request: HttpRequest, queryset: QuerySet[Invitation]) -> None:
        revoked = sum(invitations.revoke(row, by=operator(request)) for row in queryset)
        text = ngettext("%d invitation no longer works.", "%d invitations no longer work.", revoked)
        messages.info(request, text % revoked)

    def _to_change(self, request: HttpRequest, object_id: str) -> Invitation:
        row = self.get_object(request, unquote(object_id))
        if row is None:
            raise Http404
        if not self.has_change_permission(request, row):
            raise PermissionDenied
        return row

    def _may_renew(self, request: HttpRequest, row: Invitation) -> bool:
        if row.email:
            return self.has_change_permission(request, row)
        return self.has_add_permission(request) and not row.grant and self.has_change_permission(request, row)

    def _link_page(self, request: HttpRequest, row: Invitation) -> HttpResponse:
        """Show the link in this response: a redirect or the session would leave it behind."""
        context = {
            **self.admin_site.each_context(request),
            "title": _("Invitation link"),
            "opts": self.opts,
            "made": row,
        }
        return TemplateResponse(request, "admin/accounts/invitation/link.html", context)
