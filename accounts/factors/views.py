"""Views of allauth.mfa where ours differ."""

from typing import Any

from allauth.account.models import Login
from allauth.mfa.base import views as base
from allauth.mfa.models import Authenticator
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from allauth.mfa.webauthn.internal import auth, flows
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts import sessions
from accounts.factors import codes
from accounts.factors.adapter import passkeys_work_at
from accounts.models import User
from accounts.web.redirects import next_path


class IndexView(base.IndexView):  # type: ignore[misc]
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        wanted = settings.REQUIRE_STAFF_MFA and self.request.user.is_staff
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return context | _passkeys(self.request) | {"factor_wanted": wanted and not context["is_mfa_enabled"]}


class ActivateTOTPView(totp.ActivateTOTPView):  # type: ignore[misc]
    def form_valid(self, form: Any) -> HttpResponse:
        with transaction.atomic():
            # Two clicks at once: the second waits, and sees what the first has done.
            user = User.objects.select_for_update().get(pk=self.request.user.pk)
            if Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists():
                return redirect("mfa_index")
            response: HttpResponse = super().form_valid(form)
            codes.spend(user, form.cleaned_data["code"])  # it has been used: it does not sign in as well
        return response


class AddPasskeyView(webauthn.AddWebAuthnView):  # type: ignore[misc]
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        # One that the device keeps and unlocks by itself: only such a passkey signs in without a password.
        context["js_data"] = {"creation_options": auth.begin_registration(self.request.user, passwordless=True)}
        return context | _passkeys(self.request)

    def form_valid(self, form: Any) -> HttpResponse:
        with transaction.atomic():
            User.objects.select_for_update().get(pk=self.request.user.pk)  # recovery codes are made once
            response: HttpResponse = super().form_valid(form)
        return response


class PasskeyLoginView(webauthn.LoginWebAuthnView):  # type: ignore[misc]
    def form_valid(self, form: Any) -> HttpResponse:
        authenticator = form.cleaned_data["credential"]
        login = Login(user=authenticator.user, redirect_url=next_path(self.request, default="") or None)
        response: HttpResponse = flows.perform_passwordless_login(self.request, authenticator, login)
        sessions.remember(self.request, chosen=bool(self.request.POST.get("remember")))
        return response

    def form_invalid(self, form: Any) -> HttpResponse:
        messages.error(self.request, _("This passkey doesn't work here."))
        return redirect("account_login")


class PasskeyReauthenticateView(webauthn.ReauthenticateWebAuthnView):  # type: ignore[misc]
    def form_invalid(self, form: Any) -> HttpResponse:
        messages.error(self.request, _("This passkey belongs to a different account. Try again."))
        return redirect(self.passthrough_next_url(self.request.path))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return context | {"reauthentication_alternatives": self.get_reauthentication_alternatives()}


def _passkeys(request: HttpRequest) -> dict[str, Any]:
    host = request.get_host().rpartition(":")[0] or request.get_host()
    return {"passkeys_work": passkeys_work_at(host), "public_url": settings.PUBLIC_URL}
