import re
from functools import wraps
from typing import Any

from allauth.account.decorators import secure_admin_login
from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import TO_FIELD_VAR
from django.contrib.admin.utils import get_fields_from_path
from django.contrib.admin.views.main import ERROR_FLAG, IGNORED_PARAMS, PAGE_VAR, SEARCH_VAR
from django.core.exceptions import BadRequest, PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.core.validators import ProhibitNullCharactersValidator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse_lazy
from django.utils.translation import gettext_lazy as _

from accounts.factors import has_factor
from accounts.models import User
from project.lib.mail_folder import StoredMail

_MAILS_A_PAGE = 50
# NUL, a number too long for any column, and the ends of the calendar, from which a time zone leads out of it.
_UNSTORABLE = re.compile(r"\x00|\d{19}|^(0001|9999)-")
_UNSTORABLE_YEAR = re.compile(r"^0*(1|9999|\d{5,})$")


_ABOUT_PEOPLE = {"account", "auth", "mfa"}  # apps of libraries, whose names say nothing to operators


class OperatorSite(AdminSite):
    """The operator console: Django's admin, signed in to through the same door as the app."""

    site_header = _("Holdfast operator console")
    site_title = _("Holdfast")
    index_title = _("Overview")
    site_url = reverse_lazy("todos:lists")  # type: ignore[assignment]

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Send to the sign-in page of the app: the admin's own form would know no bans, factors or limits."""
        response: HttpResponse = secure_admin_login(super().login)(request, extra_context=extra_context)
        return response

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        return super().admin_view(behind_factor(_understood(view)), cacheable)

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Return the sections of the front page and the sidebar; everything about people is one of them."""
        sections = super().get_app_list(request, app_label)
        people = next((section for section in sections if section["app_label"] == "accounts"), None)
        if people is None:
            return sections
        for section in sections:
            if section["app_label"] in _ABOUT_PEOPLE:
                people["models"] += section["models"]
        people["models"].sort(key=lambda model: model["name"])
        return [section for section in sections if section["app_label"] not in _ABOUT_PEOPLE]

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:  # type: ignore[override]
        """Redirect to the app's page, which ends other sessions and sends a mail."""
        return redirect("account_change_password")

    def get_urls(self) -> list[URLPattern | URLResolver]:
        return [
            path("mail/", self.admin_view(self.mail_folder), name="mail"),
            path("mail/<str:name>/", self.admin_view(self.mail_message), name="mail_message"),
            *super().get_urls(),
        ]

    def mail_folder(self, request: HttpRequest) -> HttpResponse:
        _require_superuser(request)
        page = Paginator(StoredMail.names(settings.MAIL_DIR), _MAILS_A_PAGE).get_page(request.GET.get("page"))
        mails = [mail for name in page if (mail := StoredMail.read(settings.MAIL_DIR, name=name))]
        context = {"title": _("Mail folder"), "mails": mails, "page_obj": page}
        return TemplateResponse(request, "admin/mail.html", self.each_context(request) | context)

    def mail_message(self, request: HttpRequest, name: str) -> HttpResponse:
        _require_superuser(request)
        mail = StoredMail.read(settings.MAIL_DIR, name=name)
        if mail is None:
            raise Http404
        return TemplateResponse(
            request, "admin/mail_message.html", self.each_context(request) | {"title": mail.subject, "mail": mail}
        )


def behind_factor(view: Any) -> Any:
    """If REQUIRE_STAFF_MFA is set, send staff without a second factor to the page where they add one."""

    @wraps(view)
    def behind_factor(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if settings.REQUIRE_STAFF_MFA and isinstance(request.user, User) and not has_factor(request.user):
            return redirect("mfa_index")
        response: HttpResponse = view(request, *args, **kwargs)
        return response

    return behind_factor


def _understood(view: Any) -> Any:
    """Answer 400 or 404 to what Django hands on unread and neither Python nor the database can hold."""

    @wraps(view)
    def understood(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if any("\x00" in str(value) for value in (*args, *kwargs.values())):
            raise Http404
        _check_lookups(request)
        _check_filters(request)
        _check_rows(request)
        response: HttpResponse = view(request, *args, **kwargs)
        return response

    return understood


def _check_lookups(request: HttpRequest) -> None:
    """Refuse what no link of a list has.

    Django filters by any column with any lookup: `?body__startswith=` finds out, letter by letter, what no page shows.
    """
    assert request.resolver_match
    model_admin = getattr(request.resolver_match.func, "model_admin", None)
    if model_admin is None or request.resolver_match.url_name != _list_name(model_admin.opts):
        return
    if unknown := request.GET.keys() - _lookups(model_admin, request):
        raise BadRequest(f"This list is not filtered by {sorted(unknown)!r}.")


def _list_name(opts: Any) -> str:
    return f"{opts.app_label}_{opts.model_name}_changelist"


def _lookups(model_admin: Any, request: HttpRequest) -> set[str]:
    """Return the parameters of its filters and of its pages; `linked_lookups` are those that links elsewhere have."""
    known = {*IGNORED_PARAMS, PAGE_VAR, ERROR_FLAG, *getattr(model_admin, "linked_lookups", ())}
    if model_admin.date_hierarchy:
        known |= {f"{model_admin.date_hierarchy}__{unit}" for unit in ("year", "month", "day")}
    for chosen in model_admin.get_list_filter(request):
        if isinstance(chosen, str):
            field: Any = get_fields_from_path(model_admin.model, chosen)[-1]
            target = f"{chosen}__{field.target_field.name}" if field.is_relation else chosen
            known |= {f"{target}__exact", f"{chosen}__isnull"}
        else:
            known.add(chosen.parameter_name)
    return known


def _check_filters(request: HttpRequest) -> None:
    if "" in (*request.GET.getlist(TO_FIELD_VAR), *request.POST.getlist(TO_FIELD_VAR)):
        raise BadRequest("There is no field without a name.")
    for name, values in request.GET.lists():
        unstorable = _UNSTORABLE_YEAR if name.endswith("__year") else _UNSTORABLE
        if name != SEARCH_VAR and any(unstorable.search(value) for value in values):
            raise BadRequest(f"Nothing can be found by {name}={values!r}.")


def _check_rows(request: HttpRequest) -> None:
    assert request.resolver_match
    model_admin = getattr(request.resolver_match.func, "model_admin", None)
    if model_admin is None:  # one of the site's own pages
        return
    chosen = request.POST.getlist(ACTION_CHECKBOX_NAME)
    try:
        for value in chosen:
            ProhibitNullCharactersValidator()(value)
            model_admin.opts.pk.clean(value, None)
    except ValidationError as error:
        raise BadRequest(f"No row can be chosen by {chosen!r}.") from error


def _require_superuser(request: HttpRequest) -> None:
    """The mails contain reset links, which open everybody's accounts."""
    if not request.user.is_superuser:
        raise PermissionDenied(_("Only superusers can open the mail folder, because it contains password reset links."))
