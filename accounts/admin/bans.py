"""Banning a person in the operator console: a page of its own, so that nobody is shut out by a slip in a form."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.admin.widgets import AdminSplitDateTime
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.sessions.fresh import fresh_session_required
from accounts.text import one_line, validate_characters
from accounts.web.requests import operator
from project.lib.refusals import Refused

LONGEST = timedelta(days=36_525)  # the last days of the calendar cannot be shown in every time zone


class BanForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=500,
        required=False,
        widget=forms.TextInput(attrs={"class": "vTextField"}),
        help_text=gettext_lazy("They will see this when they try to sign in."),
    )
    until = forms.SplitDateTimeField(
        label=gettext_lazy("Until"),
        required=False,
        widget=AdminSplitDateTime,
        help_text=gettext_lazy("Leave empty for a permanent ban."),
    )
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def clean_reason(self) -> str:
        reason = one_line(self.cleaned_data["reason"])
        validate_characters(reason)
        return reason

    def clean_until(self) -> Any:
        until = self.cleaned_data["until"]
        if until and until <= timezone.now():
            raise ValidationError(_("This time has already passed."))
        if until and until > timezone.now() + LONGEST:
            raise ValidationError(_("This is more than 100 years away. Leave it empty for a permanent ban."))
        return until


class BanningMixin(admin.ModelAdmin[User]):
    """The person's page leads to the page that bans them, or lifts their ban."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(fresh_session_required(self.ban_view))
        return [path("<path:object_id>/ban/", view, name="accounts_user_ban"), *super().get_urls()]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        person = kwargs.get("obj")
        context["may_ban"] = person is not None and self._may_ban(request, person)
        return super().render_change_form(request, context, *args, **kwargs)

    def ban_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        person = self.get_object(request, unquote(object_id))
        if person is None:
            raise Http404
        if not self._may_ban(request, person):
            raise PermissionDenied
        seen = {"seen": str(person.banned_at or "")}
        form = BanForm(request.POST) if request.method == "POST" else BanForm(initial=seen)
        if form.is_valid():
            if form.cleaned_data["seen"] != seen["seen"]:
                form.add_error(None, _("Someone else has just banned this person or lifted the ban. Reload the page."))
            elif self._decide(request, person, form=form):
                return redirect("admin:accounts_user_change", person.pk)
        context = {
            **self.admin_site.each_context(request),
            "title": _("This person's ban") if person.is_banned() else _("Ban this person"),
            "opts": self.opts,
            "original": person,
            "form": form,
            "media": self.media + form.media,
        }
        return TemplateResponse(request, "admin/accounts/user/ban.html", context, status=422 if form.errors else 200)

    def _decide(self, request: HttpRequest, person: User, *, form: BanForm) -> bool:
        """Carry it out and log it; False, with the reason in the form, where that cannot be."""
        if "lift" in request.POST:
            done, said = person.unban(by=operator(request)), _("The ban is lifted.")
        else:
            try:
                done = person.ban(
                    until=form.cleaned_data["until"], reason=form.cleaned_data["reason"], by=operator(request)
                )
            except Refused as refusal:
                form.add_error(None, str(refusal))
                return False
            said = _("This person is banned and has been signed out everywhere.")
        if done:
            self.log_change(request, person, said)
            messages.success(request, said)
        return True

    def _may_ban(self, request: HttpRequest, person: User) -> bool:
        return self.has_change_permission(request, person) and person != request.user
