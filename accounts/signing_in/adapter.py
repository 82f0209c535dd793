from ipaddress import IPv4Address
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.stagekit import clear_login
from allauth.core.exceptions import ImmediateHttpResponse
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _

from accounts import addresses, limits, links, mail
from accounts.models import User
from accounts.signing_in import bans
from accounts.web.redirects import is_local_path

PENDING = "pending_sign_in"
"""In the session of someone who has entered their password: the person as they were then."""


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """How allauth behaves here: people are invited, mail goes through the queue, links start with PUBLIC_URL."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count every password that is about to be checked: sign-in and re-authentication both come by here."""
        account = credentials.get("email") or credentials.get("username") or ""
        self._tries = limits.check_sign_in(request, account=account)

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        user: User | None = super().authenticate(request, **credentials)
        if user:
            limits.give_back(self._tries)
        return user

    def get_client_ip(self, request: HttpRequest) -> str:
        # allauth has no word for an address that a proxy keeps to itself, and would answer 403.
        return str(addresses.client_address(request) or IPv4Address(0))

    def pre_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse | None:
        # allauth asks for is_active alone, and hands over people whom the backend refused after a right password.
        if not user.may_sign_in():
            return self._refuse(request, user)
        request.session[PENDING] = user.get_session_auth_hash()
        response: HttpResponse | None = super().pre_login(request, user, **kwargs)
        return response

    def login(self, request: HttpRequest, user: User) -> None:
        """Sign in, unless the person was banned or got another password while they were asked for a code."""
        pending = request.session.pop(PENDING, "")
        if not user.may_sign_in():
            raise ImmediateHttpResponse(self._refuse(request, user))
        if not constant_time_compare(pending, user.get_session_auth_hash()):
            clear_login(request)
            messages.error(request, _("Your sign-in expired. Please sign in again."))
            raise ImmediateHttpResponse(redirect(settings.LOGIN_URL))
        super().login(request, user)

    def _refuse(self, request: HttpRequest, user: User) -> HttpResponse:
        bans.show_once(request, user)
        clear_login(request)
        response: HttpResponse = self.respond_user_inactive(request, user)
        return response

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        # allauth does not count a sign-in, and looks a second time deep inside a view that let the person in.
        return False  # every view that it would ask for stands behind accounts.fresh

    def is_safe_url(self, url: str | None) -> bool:
        return is_local_path(url)

    def set_password(self, user: User, password: str) -> None:
        user.set_password(password)
        user.save(update_fields=["password"])

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("account_settings")

    def get_reset_password_from_key_url(self, key: str) -> str:
        return links.password_url(key)

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: Any) -> str:
        return links.public_url(reverse("account_confirm_email", args=[emailconfirmation.key]))

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send through the queue; the notices of allauth carry no person, so the address finds them."""
        mail.send_mail(template_prefix, to=email, context=context)
