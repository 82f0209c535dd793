from functools import wraps
from typing import Any

from allauth.account.decorators import secure_admin_login
from django.conf import settings
from django.contrib.admin import AdminSite
from django.core.exceptions import BadRequest, PermissionDenied
from django.db import DataError
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse_lazy
from django.utils.translation import gettext_lazy as _

from project.mail import StoredMail


class OperatorSite(AdminSite):
    """The operator console: Django's admin, signed in to through the same door as the app."""

    site_header = _("Holdfast operator console")
    site_title = _("Holdfast")
    index_title = _("What there is")
    site_url = reverse_lazy("todos:lists")  # type: ignore[assignment]

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Send to the sign-in page of the app: the admin's own form would know no bans, factors or limits."""
        response: HttpResponse = secure_admin_login(super().login)(request, extra_context=extra_context)
        return response

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Answer 400 where an address holds a number or text that no database column can: Django's lists raise."""
        guarded = super().admin_view(view, cacheable)

        @wraps(guarded)
        def admin_view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            try:
                response: HttpResponse = guarded(request, *args, **kwargs)
            except (ValueError, OverflowError, DataError) as error:
                raise BadRequest from error  # logged with its cause
            return response

        return admin_view

    def get_urls(self) -> list[URLPattern | URLResolver]:
        return [
            path("mail/", self.admin_view(self.mail_folder), name="mail"),
            path("mail/<str:name>/", self.admin_view(self.mail_message), name="mail_message"),
            *super().get_urls(),
        ]

    def mail_folder(self, request: HttpRequest) -> HttpResponse:
        _require_superuser(request)
        context = self.each_context(request) | {
            "title": _("Mail folder"),
            "messages_list": StoredMail.newest(settings.MAIL_DIR),
        }
        return TemplateResponse(request, "admin/mail.html", context)

    def mail_message(self, request: HttpRequest, name: str) -> HttpResponse:
        _require_superuser(request)
        mail = StoredMail.read(settings.MAIL_DIR, name=name)
        if mail is None:
            raise Http404
        return TemplateResponse(
            request, "admin/mail_message.html", self.each_context(request) | {"title": mail.subject, "mail": mail}
        )


def _require_superuser(request: HttpRequest) -> None:
    """The mails hold reset links, and with them the accounts of everybody."""
    if not request.user.is_superuser:
        raise PermissionDenied(_("Only superusers read the mail folder: it holds password reset links."))
