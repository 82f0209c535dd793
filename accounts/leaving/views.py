"""Exporting one's data and deleting one's account."""

from http import HTTPStatus

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render, resolve_url
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import limits
from accounts.leaving import deleting, exporting
from accounts.leaving.forms import DeletionForm
from accounts.models import DataExport
from accounts.sessions.fresh import fresh_session_required
from accounts.web.redirects import next_path
from accounts.web.requests import MemberRequest
from project.lib.refusals import Refused

PAGE = ["GET", "HEAD", "POST"]
EXPORT_NAME = "holdfast.zip"


@require_POST
@fresh_session_required
@limits.guard("own_data")
def export(request: MemberRequest) -> HttpResponse:
    if exporting.ask(request.user):
        messages.success(request, _("We are preparing your data and will email you a link when it is ready."))
    else:
        messages.error(request, _("You already have an export."))
    return redirect("account_settings")


@require_safe
@login_required
def export_file(request: MemberRequest, key: str) -> HttpResponseBase:
    found = get_object_or_404(DataExport, pk=key, person=request.user)

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
def delete_account(request: MemberRequest) -> HttpResponse:
    person = request.user
    form = DeletionForm(request.POST if request.method == "POST" else None, shared=deleting.shared(person))
    if form.is_bound and form.is_valid():
        try:
            deleting.ask(person, heirs=form.heirs())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Your account is scheduled for deletion. You can cancel this until then."))
            return redirect("account_settings")
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    return render(request, "accounts/leaving/delete.html", {"form": form, "days": deleting.GRACE.days}, status=status)


@require_POST
@login_required
def cancel_deletion(request: MemberRequest) -> HttpResponse:
    if deleting.cancel(request.user):
        messages.success(request, _("Your account will be kept."))
    return redirect(next_path(request, default=resolve_url("account_settings")))


def _download(name: str) -> HttpResponseBase:
    """Send the export, or, as it may be large, lead to where the storage does."""
    if hasattr(default_storage, "download_url"):
        return redirect(default_storage.download_url(name, as_name=EXPORT_NAME))
    file = default_storage.open(name, "rb")
    return FileResponse(file, as_attachment=True, filename=EXPORT_NAME, content_type="application/zip")
