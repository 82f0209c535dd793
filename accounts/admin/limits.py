"""People who are currently limited, in the console: needs the right to view people, and to clear, to change them."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.admin.rights import may_touch
from accounts.limits import notes
from accounts.models import User


class LimitsMixin(admin.ModelAdmin[User]):
    """The list of people leads to the page of limits."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("limits/", view(self.limits_view), name="accounts_user_limits"),
            path("limits/clear/", view(self.clear_limit_view), name="accounts_user_clear_limit"),
            *super().get_urls(),
        ]

    @method_decorator(require_safe)
    def limits_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = notes.current()
        people = User.objects.in_bulk([note.person_id for note in found if note.person_id])
        rows = [(note, person, self._may_clear(request, person)) for note, person in _with_people(found, people)]
        context = {
            **self.admin_site.each_context(request),
            "title": _("Currently limited"),
            "opts": self.opts,
            "rows": rows,
            "full": len(rows) == notes.SLOTS,
        }
        return TemplateResponse(request, "admin/accounts/user/limits.html", context)

    @method_decorator(require_POST)
    def clear_limit_view(self, request: HttpRequest) -> HttpResponse:
        note = notes.find(request.POST.get("counter", ""))
        person = User.objects.filter(pk=note.person_id).first() if note else None
        if not self._may_clear(request, person):
            raise PermissionDenied
        if note:
            notes.clear(note)
            messages.success(request, _("The limit was cleared. They can try again now."))
        else:
            messages.info(request, _("That limit has already ended."))
        return redirect("admin:accounts_user_limits")

    def _may_clear(self, request: HttpRequest, person: User | None) -> bool:
        # Without the limit a password can be guessed for longer: those of staff are not everybody's to clear.
        return self.has_change_permission(request) and may_touch(request, person)


def _with_people(notes: list[notes.Note], people: dict[Any, User]) -> list[tuple[notes.Note, User | None]]:
    return [(note, people.get(note.person_id)) for note in notes]
