"""The operators' view of lists and to-dos. What changes one here goes through its verbs, so that it is in the history.

Nothing is added or deleted here: the app adds, and the trash keeps what can come back.
"""

from functools import partial
from typing import Any

from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from accounts.admin.reading import ReadOnly
from accounts.web.requests import operator
from todos.admin.forms import MemberSelect, MembersFormSet, TodoForm, TodoListForm
from todos.admin.verbs import SetFilter, TrashFilter, Trashing, VerbAdmin, unless_refused
from todos.models import Attachment, Membership, Role, Todo, TodoList
from todos.refusals import LastOwner


class CompletedFilter(SetFilter):
    title = _("completed")
    parameter_name = "completed"


class OwnerlessFilter(admin.SimpleListFilter):
    """Lists whose only member was deleted: give them a new owner."""

    title = _("owner")
    parameter_name = "owner"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("none", _("No owner"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(pk__in=TodoList.objects.without_owner().values("pk")) if self.value() else queryset


class MemberInline(admin.TabularInline[Membership, TodoList]):
    """Members of the list. The person is shown, not chosen: each chooser would cost a query per row."""

    model = Membership
    formset = MembersFormSet
    fields = ("user", "role", "created_at")
    readonly_fields = ("user", "created_at")
    extra = 0

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        return super().get_queryset(request).select_related("user")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class NewMemberInline(admin.TabularInline[Membership, TodoList]):
    model = Membership
    verbose_name = _("new member")
    verbose_name_plural = _("new members")
    fields = ("user", "role")
    extra = 0
    can_delete = False

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs["widget"] = MemberSelect(db_field, self.admin_site)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        return super().get_queryset(request).none()


@admin.register(TodoList)
class TodoListAdmin(Trashing):
    form = TodoListForm
    list_display = ("name", "open_todos", "members", "created_by", "created_at", "trashed_at")
    list_filter = (TrashFilter, OwnerlessFilter)
    list_select_related = ("created_by",)
    search_fields = ("=id", "name", "memberships__user__email")
    search_help_text = _("Number, name or a member's address")
    date_hierarchy = "created_at"
    ordering = ("-created_at", "-id")
    readonly_fields = ("open_todos", "created_by", "created_at", "trashed_at", "trashed_by")
    fields = ("name", *readonly_fields)
    inlines = (MemberInline, NewMemberInline)

    def get_queryset(self, request: HttpRequest) -> QuerySet[TodoList]:
        return TodoList.objects.with_open_count().with_member_count()

    @admin.display(description=_("open to-dos"), ordering="open_count")
    def open_todos(self, row: TodoList) -> str:
        url = reverse("admin:todos_todo_changelist", query={"list__id__exact": row.pk})
        return format_html('<a href="{}">{}</a>', url, row.open_count)

    @admin.display(description=_("members"), ordering="member_count")
    def members(self, row: TodoList) -> int:
        return row.member_count

    def get_readonly_fields(self, request: HttpRequest, obj: TodoList | None = None) -> tuple[str, ...]:
        fields = tuple(super().get_readonly_fields(request, obj))
        return (*fields, "name") if obj and obj.trashed_at else fields

    def save_model(self, request: HttpRequest, obj: TodoList, form: Any, change: bool) -> None:
        if "name" in form.changed_data:
            obj.rename(form.cleaned_data["name"], by=operator(request))

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        formset.save(commit=False)
        by, todo_list = operator(request), formset.instance
        # New owners first, or the only one could not step down for them.
        for row in sorted((row for row, _fields in formset.changed_objects), key=lambda row: row.role != Role.OWNER):
            row.change_role(row.role, by=by)
        for row in formset.deleted_objects:
            row.remove(by=by)
        for row in formset.new_objects:
            todo_list.add_member(row.user, role=row.role, by=by)


@admin.register(Todo)
class TodoAdmin(Trashing):
    form = TodoForm
    list_display = ("text", "list", "completed_at", "created_by", "created_at", "trashed_at")
    list_filter = (TrashFilter, CompletedFilter)
    linked_lookups = ("list__id__exact",)  # by the number of open to-dos of a list
    list_select_related = ("list", "created_by")
    search_fields = ("=id", "text", "notes", "list__name")
    date_hierarchy = "created_at"
    ordering = ("-id",)
    readonly_fields = (
        *("list", "position", "completed_at", "completed_by", "created_by", "created_at", "updated_at"),
        *("trashed_at", "trashed_by"),
    )
    fields = ("text", "notes", *readonly_fields)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Todo]:
        queryset = super().get_queryset(request)
        assert request.resolver_match
        if "object_id" not in request.resolver_match.kwargs:
            return queryset
        return queryset.select_related("list", "completed_by", "created_by", "trashed_by")

    def get_readonly_fields(self, request: HttpRequest, obj: Todo | None = None) -> tuple[str, ...]:
        fields = tuple(super().get_readonly_fields(request, obj))
        return (*fields, "text", "notes") if obj and obj.trashed_at else fields

    def save_model(self, request: HttpRequest, obj: Todo, form: Any, change: bool) -> None:
        # Only what was changed here, or a form opened before a member's edit would take that back.
        obj.edit(by=operator(request), **{name: form.cleaned_data[name] for name in form.changed_data})


@admin.register(Attachment)
class AttachmentAdmin(Trashing, ReadOnly[Any]):
    """The file itself, and whether it is whole, is on the page of its upload."""

    list_display = ("name", "todo", "caption", "created_by", "created_at", "shown_state", "trashed_at")
    list_filter = (TrashFilter, "upload__state", "upload__type")
    list_select_related = ("upload", "todo", "created_by")
    search_fields = ("=id", "caption", "upload__name", "todo__text", "created_by__email")
    search_help_text = _("File number, caption or name, text of the to-do, or address of the person who attached it")
    date_hierarchy = "created_at"
    ordering = ("-id",)
    fields = ("todo", "upload", "caption", "position", "created_by", "created_at", "trashed_at", "trashed_by")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Attachment]:
        return super().get_queryset(request).select_related("upload", "todo", "created_by", "trashed_by")

    @admin.display(description=_("name"), ordering="upload__name")
    def name(self, row: Attachment) -> str:
        return row.name

    @admin.display(description=_("state"), ordering="upload__state")
    def shown_state(self, row: Attachment) -> str:
        return row.upload.get_state_display()


@admin.register(Membership)
class MembershipAdmin(VerbAdmin):
    list_display = ("user", "list", "role", "created_at")
    list_filter = ("role",)
    list_select_related = ("user", "list")
    list_per_page = 50
    search_fields = ("user__email", "user__name", "list__name")
    date_hierarchy = "created_at"
    ordering = ("-id",)
    fields = ("user", "list", "role", "created_at")
    readonly_fields = ("user", "list", "created_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        return super().get_queryset(request).select_related("user", "list")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[list[Any], dict[Any, Any], set[Any], Any]:
        to_delete, counts, needed, protected = super().get_deleted_objects(objs, request)
        left = Membership.objects.owners().exclude(pk__in=[row.pk for row in objs]).values_list("list", flat=True)
        losing = {row.list_id for row in objs if row.is_owner}
        if losing - set(left.filter(list__in=losing)):
            protected = [*protected, str(LastOwner())]
        return to_delete, counts, needed, protected

    def response_action(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse | None:
        act = transaction.atomic(super().response_action)  # Django logs deletions before they are tried
        return unless_refused(request, partial(act, request, *args, **kwargs))

    def save_model(self, request: HttpRequest, obj: Membership, form: Any, change: bool) -> None:
        obj.change_role(form.cleaned_data["role"], by=operator(request))

    def delete_model(self, request: HttpRequest, obj: Membership) -> None:
        obj.remove(by=operator(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Membership]) -> None:
        for row in queryset.order_by("list"):  # whose rows are locked in this order everywhere
            row.remove(by=operator(request))
