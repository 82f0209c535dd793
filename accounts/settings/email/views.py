from http import HTTPStatus

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import limits
from accounts.sessions.fresh import fresh_session_required
from accounts.settings.email import change
from accounts.settings.email.forms import EmailForm
from accounts.web.requests import MemberRequest


@fresh_session_required
@limits.guard("new_address")
@require_http_methods(["GET", "HEAD", "POST"])
def change_email(request: MemberRequest) -> HttpResponse:
    person = request.user
    form = EmailForm(request.POST if request.method == "POST" else None, person=person)
    if form.is_bound and form.is_valid():
        change.ask(person, form.cleaned_data["email"])
        said = _("If %(email)s is not in use, a confirmation link is on its way there.")
        messages.success(request, said % form.cleaned_data)
        return redirect("account_settings")
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    return render(request, "accounts/settings/email/change.html", {"form": form}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def confirm_email(request: HttpRequest, key: str) -> HttpResponse:
    """Ask first, as mail programs open links by themselves; anyone who reads the new address's mail can answer."""
    if request.method == "POST" and (person := change.confirm(key)):
        messages.success(request, _("Your sign-in address is now %(email)s.") % {"email": person.email})
        return redirect("account_settings" if person == request.user else "account_login")
    found = change.find(key) if request.method != "POST" else None
    status = HTTPStatus.OK if found else HTTPStatus.GONE
    context = {"key": key, "person": found and found[0], "email": found and found[1]}
    return render(request, "accounts/settings/email/confirm.html", context, status=status)
