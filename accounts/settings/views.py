from datetime import timedelta
from http import HTTPStatus

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import extensions
from accounts.models import Theme, User
from accounts.settings.forms import SettingsForm
from accounts.web.redirects import next_path
from accounts.web.requests import MemberRequest

THEME_COOKIE_AGE = timedelta(days=365)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def settings_page(request: MemberRequest) -> HttpResponse:
    form = SettingsForm(request.POST) if request.method == "POST" else SettingsForm.of(request.user)
    if form.is_bound and form.is_valid():
        request.user.change_settings(**form.values())
        messages.success(request, _("Your settings have been saved."))
        return redirect(next_path(request, default=resolve_url("account_settings")))
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    cards = [card for extension in extensions.joined() if (card := extension.card(request.user))]
    context = {"form": form, "cards": cards, "export": request.user.data_exports.first()}
    return render(request, "accounts/settings/settings.html", context, status=status)


@require_POST
def choose_theme(request: HttpRequest) -> HttpResponse:
    """Store the theme with the member, or in a cookie for visitors."""
    theme = request.POST.get("theme", "")
    if theme not in Theme.values:
        raise BadRequest
    response = redirect(next_path(request, default=resolve_url(settings.LOGIN_REDIRECT_URL)))
    if isinstance(request.user, User):
        request.user.change_settings(theme=theme)
    else:
        response.set_cookie(
            "theme",
            theme,
            max_age=THEME_COOKIE_AGE,
            samesite="Lax",
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
        )
    return response
