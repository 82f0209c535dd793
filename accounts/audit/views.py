from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.audit.recording import about
from accounts.web.requests import MemberRequest

EVENTS_A_PAGE = 50


@login_required
@require_safe
def activity(request: MemberRequest) -> HttpResponse:
    """Show what happened to the account, and what its person did to other accounts."""
    events = about(request.user).select_related("actor", "person")
    page = Paginator(events, EVENTS_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "accounts/audit/activity.html", {"events": page, "page_obj": page})
