from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from accounts import fresh


@login_required
@require_safe
def continue_page(request: HttpRequest) -> HttpResponse:
    """Offer to send the form again that waited until the person had confirmed who they are."""
    form = fresh.kept_form(request)
    if form is None:
        return redirect(settings.LOGIN_REDIRECT_URL)
    return render(request, "accounts/continue.html", {"form": form})
