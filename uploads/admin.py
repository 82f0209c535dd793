"""Uploads in the operator console: all are listed, and ready ones can be viewed and checked again."""

from typing import Any, ClassVar

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.utils import quote, unquote
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Model, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.defaultfilters import filesizeformat
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext, ngettext_lazy
from django.utils.translation import gettext_lazy as _

from accounts.admin.reading import ReadOnly
from accounts.web.requests import operator
from uploads import serving
from uploads.models import State, Stray, Upload, Usage

_MIB = 1024 * 1024
_SIZES = {
    "small": (_("up to 100 KB"), Q(size__lte=100 * 1024)),
    "middle": (_("100 KB to 1 MB"), Q(size__gt=100 * 1024, size__lte=_MIB)),
    "large": (_("1 to 5 MB"), Q(size__gt=_MIB, size__lte=5 * _MIB)),
    "huge": (_("more than 5 MB"), Q(size__gt=5 * _MIB)),
}
_TOTALS = {
    State.PENDING: ngettext_lazy(
        "%(number)d file (%(size)s) waiting for upload", "%(number)d files (%(size)s) waiting for upload", "number"
    ),
    State.VERIFYING: ngettext_lazy(
        "%(number)d file (%(size)s) is being checked", "%(number)d files (%(size)s) are being checked", "number"
    ),
    State.READY: ngettext_lazy("%(number)d file (%(size)s) ready", "%(number)d files (%(size)s) ready", "number"),
    State.REJECTED: ngettext_lazy("%(number)d file rejected", "%(number)d files rejected", "number"),
    State.DELETED: ngettext_lazy("%(number)d file deleted", "%(number)d files deleted", "number"),
}


class SizeFilter(admin.SimpleListFilter):
    title = _("size")
    parameter_name = "bytes"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(name, label) for name, (label, _condition) in _SIZES.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        found = _SIZES.get(self.value() or "")
        return queryset.filter(found[1]) if found else queryset


@admin.register(Upload)
class UploadAdmin(ReadOnly[Any]):
    change_list_template = "admin/uploads/upload/change_list.html"
    list_display = ("name", "owner", "type", "shown_size", "state", "reason", "created_at", "finding")
    list_filter = ("state", "reason", "type", SizeFilter, "finding")
    list_select_related = ("owner",)
    date_hierarchy = "created_at"
    search_fields = ("=id", "name", "owner__email", "owner__name")
    search_help_text = _("File number or name, or its owner's name or address")
    actions = ("recheck", "discard")
    fields: ClassVar = [
        *("preview", "name", "owner", "type", "size", "stored_size", "width", "height", "target_kind", "target_id"),
        *("state", "explanation", "created_at", "completed_at", "settled_at", "thumbnails_at", "deleted_at"),
        *("rechecked_at", "finding", "sha256", "run"),
    ]
    readonly_fields = ("preview", "explanation", "run")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.picture_view)
        return [path("<path:object_id>/picture/", view, name="uploads_upload_picture"), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Upload]:
        return super().get_queryset(request).select_related("owner")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        totals = [
            _TOTALS[state] % {"number": number, "size": filesizeformat(taken)}
            for state, number, taken in Upload.objects.totals()
        ]
        return super().changelist_view(request, (extra_context or {}) | {"totals": totals})

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        shown = list(super().get_fields(request, obj))
        return shown if self.has_recheck_permission(request) else [name for name in shown if name != "preview"]

    def has_recheck_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("uploads.change_upload")

    def picture_view(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        if not self.has_recheck_permission(request):
            raise PermissionDenied
        upload = self.get_object(request, unquote(object_id))
        if not isinstance(upload, Upload):
            raise Http404
        return serving.respond(request, upload, "small")

    @admin.action(description=_("Check again"), permissions=["recheck"])
    def recheck(self, request: HttpRequest, queryset: QuerySet[Upload]) -> None:
        by = operator(request)
        count = sum(upload.recheck(by=by) for upload in queryset)
        said = ngettext("%d file is being checked again.", "%d files are being checked again.", count) % count
        messages.success(request, said)

    @admin.action(description=_("Delete files that failed the new check"), permissions=["recheck"])
    def discard(self, request: HttpRequest, queryset: QuerySet[Upload]) -> None:
        by, count = operator(request), 0
        for upload in queryset.filter(state=State.READY).exclude(finding=""):
            with transaction.atomic():
                if upload.lose(by=by):
                    self.log_change(request, upload, gettext("Deleted: %s") % upload.get_finding_display())
                    count += 1
        messages.success(request, ngettext("%d file was deleted.", "%d files were deleted.", count) % count)

    @admin.display(description=_("size"), ordering="size")
    def shown_size(self, row: Upload) -> str:
        return filesizeformat(row.stored_size or row.size)

    @admin.display(description=_("preview"))
    def preview(self, row: Upload) -> str:
        if row.state != State.READY or row.thumbnails_at is None:
            return ""
        return format_html('<img src="{}" alt="">', reverse("admin:uploads_upload_picture", args=[quote(row.pk)]))

    @admin.display(description=_("reason"))
    def explanation(self, row: Upload) -> str:
        return f"{row.get_reason_display()}: {row.message}" if row.reason else ""

    @admin.display(description=_("workflow run"))
    def run(self, row: Upload) -> str:
        return format_html(
            '<a href="{}">{}</a>', reverse("admin:workflows_run_change", args=[quote(row.run_id)]), row.run_id
        )


@admin.register(Usage)
class UsageAdmin(ReadOnly[Usage]):
    list_display = ("owner", "shown_bytes", "share")
    list_select_related = ("owner",)
    search_fields = ("owner__email", "owner__name")
    fields = ("owner", "bytes", "share")
    readonly_fields = ("share",)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Usage | None:
        try:
            return super().get_object(request, object_id, from_field)
        except OverflowError:  # Django does not see, behind a relation, that no row has such a number
            return None

    @admin.display(description=_("used"), ordering="bytes")
    def shown_bytes(self, row: Usage) -> str:
        return filesizeformat(row.bytes)

    @admin.display(description=_("of quota"))
    def share(self, row: Usage) -> str:
        return f"{row.bytes / settings.UPLOAD_QUOTA_BYTES:.0%}"


@admin.register(Stray)
class StrayAdmin(ReadOnly[Any]):
    list_display = ("key", "kind", "shown_size", "found_at", "seen_at")
    list_filter = ("kind",)
    search_fields = ("key",)

    @admin.display(description=_("size"), ordering="size")
    def shown_size(self, row: Stray) -> str:
        return filesizeformat(row.size)
