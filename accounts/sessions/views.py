from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.models import Session
from accounts.sessions import ending, fresh
from accounts.sessions.fresh import fresh_session_required
from accounts.web.requests import MemberRequest


@login_required
@require_safe
def continue_page(request: HttpRequest) -> HttpResponse:
    """Offer to send the form that was kept while the person re-authenticated."""
    form = fresh.kept_form(request)
    if form is None:
        return redirect(settings.LOGIN_REDIRECT_URL)
    return render(request, "accounts/sessions/continue.html", {"form": form})


@login_required
@require_safe
def sessions_page(request: MemberRequest) -> HttpResponse:
    context = {
        "sessions": Session.objects.alive(request.user),
        "current_key": request.session.session_key,
    }
    return render(request, "accounts/sessions/sessions.html", context)


@fresh_session_required
@require_POST
def end_session(request: MemberRequest, number: str) -> HttpResponse:
    session = next((row for row in Session.objects.alive(request.user) if row.number == number), None)
    if session is None:
        raise Http404
    ending.end(session, by=request.user)
    messages.success(request, _("%(device)s is signed out.") % {"device": session.device})
    return redirect("account_sessions")


@fresh_session_required
@require_POST
def end_other_sessions(request: MemberRequest) -> HttpResponse:
    ending.end_others(request, by=request.user)
    messages.success(request, _("All other sessions have been signed out."))
    return redirect("account_sessions")
