"""What people do with their own account: another address, their data as a file, its end."""

from http import HTTPStatus

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render, resolve_url
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import limits
from accounts.leaving import deleting, exporting
from accounts.models import DataExport, User
from accounts.sessions.fresh import fresh_session_required
from accounts.settings.email import change
from accounts.settings.forms import DeletionForm, EmailForm
from accounts.web.redirects import next_path

PAGE = ["GET", "HEAD", "POST"]
EXPORT_NAME = "holdfast.zip"


@fresh_session_required
@limits.guard("new_address")
@require_http_methods(PAGE)
def change_email(request: HttpRequest) -> HttpResponse:
    person = _member(request)
    form = EmailForm(request.POST if request.method == "POST" else None, person=person)
    if form.is_bound and form.is_valid():
        change.ask(person, form.cleaned_data["email"])
        said = _("If nobody else signs in with %(email)s, a link to confirm it is on its way there.")
        messages.success(request, said % form.cleaned_data)
        return redirect("account_settings")
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    return render(request, "accounts/settings/email/change.html", {"form": form}, status=status)


@require_http_methods(PAGE)
def confirm_email(request: HttpRequest, key: str) -> HttpResponse:
    """Ask, as mail programs open links by themselves; whoever reads the new address's mail may answer."""
    if request.method == "POST" and (person := change.confirm(key)):
        messages.success(request, _("From now on you sign in with %(email)s.") % {"email": person.email})
        return redirect("account_settings" if person == request.user else "account_login")
    found = change.find(key) if request.method != "POST" else None
    status = HTTPStatus.OK if found else HTTPStatus.GONE
    context = {"key": key, "person": found and found[0], "email": found and found[1]}
    return render(request, "accounts/settings/email/confirm.html", context, status=status)


@require_POST
@fresh_session_required
@limits.guard("own_data")
def export(request: HttpRequest) -> HttpResponse:
    if exporting.ask(_member(request)):
        messages.success(request, _("Your data is being collected. A link is mailed to you when it is ready."))
    else:
        messages.error(request, _("There is an export of your data already."))
    return redirect("account_settings")


@require_safe
@login_required
def export_file(request: HttpRequest, key: str) -> HttpResponseBase:
    found = get_object_or_404(DataExport, pk=key, person=_member(request))

    @fresh_session_required
    def send(_request: HttpRequest) -> HttpResponseBase:
        if not found.is_ready() or not default_storage.exists(found.file):
            raise Http404
        response = _download(found.file)
        response["Cache-Control"] = "private, no-store"
        return response

    return send(request)


@fresh_session_required
@limits.guard("own_data")
@require_http_methods(PAGE)
def delete_account(request: HttpRequest) -> HttpResponse:
    person = _member(request)
    form = DeletionForm(request.POST if request.method == "POST" else None, shared=deleting.shared(person))
    if form.is_bound and form.is_valid():
        try:
            deleting.ask(person, heirs=form.heirs())
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Your account will be deleted. Until then you may cancel it."))
            return redirect("account_settings")
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    return render(request, "accounts/leaving/delete.html", {"form": form, "days": deleting.GRACE.days}, status=status)


@require_POST
@login_required
def cancel_deletion(request: HttpRequest) -> HttpResponse:
    if deleting.cancel(_member(request)):
        messages.success(request, _("Your account stays."))
    return redirect(next_path(request, default=resolve_url("account_settings")))


def _download(name: str) -> HttpResponseBase:
    """Send the export, or, as it may be large, lead to where the storage does."""
    if hasattr(default_storage, "download_url"):
        return redirect(default_storage.download_url(name, as_name=EXPORT_NAME))
    file = default_storage.open(name, "rb")
    return FileResponse(file, as_attachment=True, filename=EXPORT_NAME, content_type="application/zip")


def _member(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
