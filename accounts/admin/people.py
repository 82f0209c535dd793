"""The operators' view of people.

Who may change people but is no superuser must not become one: they cannot touch staff or superusers (a new password or
address would be a way in), nor hand out rights, nor give an address or a group.
"""

from typing import Any

from allauth.account.admin import EmailAddressAdmin as AllauthEmailAddressAdmin
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.translation import gettext, gettext_lazy, ngettext

from accounts import audit
from accounts.admin.audit import LoggedOneByOne
from accounts.admin.bans import BanningMixin
from accounts.admin.forms import NewPersonForm, PersonForm, PersonPasswordForm
from accounts.admin.fresh import FreshToChange
from accounts.admin.limits import LimitsMixin
from accounts.admin.purges import PurgingMixin
from accounts.admin.reading import ReadOnly
from accounts.admin.rights import is_superuser, may_touch
from accounts.invitations import onboarding
from accounts.mail import send_mail, send_password_link
from accounts.models import AuditKind, User, UserQuerySet
from accounts.sessions.fresh import fresh_session_required
from accounts.web.requests import operator
from project.lib.refusals import Refused

RIGHTS = ("is_staff", "is_superuser", "groups", "user_permissions")

admin.site.unregister([Group, EmailAddress])


class BanFilter(admin.SimpleListFilter):
    title = gettext_lazy("ban")
    parameter_name = "banned"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", gettext_lazy("Banned")), ("no", gettext_lazy("Not banned"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        assert isinstance(queryset, UserQuerySet)
        if self.value() == "yes":
            return queryset.banned()
        return queryset.exclude(pk__in=User.objects.banned().values("pk")) if self.value() == "no" else queryset


@admin.register(User)
class UserAdmin(
    PurgingMixin, BanningMixin, LimitsMixin, FreshToChange[User], LoggedOneByOne[User], DjangoUserAdmin[User]
):
    form = PersonForm
    add_form = NewPersonForm
    change_password_form = PersonPasswordForm
    list_display = ("email", "name", "is_active", "banned", "is_staff", "is_superuser", "last_login", "date_joined")
    list_filter = ("is_active", BanFilter, "is_staff", "is_superuser", "groups")
    search_fields = ("email", "name")
    ordering = ("email",)
    date_hierarchy = "date_joined"
    list_per_page = 50
    readonly_fields = (
        *("password_state", "last_login", "date_joined", "banned", "banned_at", "banned_until", "ban_reason"),
        "deletion_at",
    )
    fieldsets = (
        (None, {"fields": ("email", "name", "password_state")}),
        (gettext_lazy("Preferences"), {"fields": ("time_zone", "theme")}),
        (
            gettext_lazy("Can sign in"),
            {"fields": ("is_active", "banned", "ban_reason", "banned_at", "banned_until", "deletion_at")},
        ),
        (gettext_lazy("Rights"), {"fields": RIGHTS}),
        (gettext_lazy("Dates"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (None, {"classes": ("wide",), "fields": ("email", "name", "password1", "password2", "send_link")}),
    )
    actions = ("mail_password_link",)

    @admin.display(description=gettext_lazy("banned"), boolean=True)
    def banned(self, person: User) -> bool:
        return person.is_banned()

    @admin.display(description=gettext_lazy("password"))
    def password_state(self, person: User) -> str:
        state = gettext("Set") if person.has_usable_password() else gettext("Not set")
        return format_html('{} (<a href="../password/">{}</a>)', state, gettext("change it"))

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_change_permission(request, obj) and may_touch(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_delete_permission(request, obj) and may_touch(request, obj)

    @method_decorator(fresh_session_required)
    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        if unquote(id) == str(request.user.pk) and self.has_change_permission(request, operator(request)):
            return redirect("account_change_password")  # which asks for the old one
        return super().user_change_password(request, id, form_url)

    def get_form(self, request: HttpRequest, obj: User | None = None, change: bool = False, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, obj, change=change, **kwargs)
        form.operator = request.user  # the class is made for this request
        return form

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        fields: tuple[str, ...] = tuple(super().get_readonly_fields(request, obj))
        return fields if is_superuser(request) else (*fields, *RIGHTS)

    def save_model(self, request: HttpRequest, obj: User, form: forms.ModelForm[User], change: bool) -> None:
        if not change:
            obj.save()
            obj.settle_address()
            send_link = form.cleaned_data["send_link"] and not obj.has_usable_password()
            onboarding.begin(obj, send_link=send_link, by=operator(request))
            if send_link:
                messages.info(request, gettext("A link to choose a password is on its way."))
            return
        # Only what was changed here: another operator, or the person, may have changed the rest meanwhile.
        named = {field.name for field in self.opts.concrete_fields} & set(form.changed_data)
        with transaction.atomic():
            obj.save(update_fields=[*named, "session_version"])
            self._tell_of_change(form, named=named, by=operator(request))

    def _tell_of_change(self, form: forms.ModelForm[User], *, named: set[str], by: User) -> None:
        """Record what was changed, with its consequences; signals record groups and permissions."""
        person, old = form.instance, form["email"].initial
        if person.email != old:
            person.settle_address()
            # The old address is nobody's by now, so the mail goes there also if the person was shut out in the same go.
            context: dict[str, Any] = {"user": person, "email": person.email, "by_operator": True}
            send_mail("account/email/email_changed", to=old, context=context)
            audit.record(AuditKind.EMAIL_CHANGED, person=person, actor=by)
        for field in sorted({"is_staff", "is_superuser"} & named):
            detail = f"{'+' if getattr(person, field) else '-'} {field.removeprefix('is_')}"
            audit.record(AuditKind.ROLE_CHANGED, person=person, actor=by, detail=detail)
        others = [name for name in form.changed_data if name in named - {"email", "is_staff", "is_superuser"}]
        if others:
            detail = ", ".join(str(form.fields[name].label) for name in others)
            audit.record(AuditKind.ADMIN_ACTION, person=person, actor=by, detail=detail)

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[Any], dict[Any, Any], set[Any], list[Any]]:
        try:
            to_delete, counts, needed, protected = super().get_deleted_objects(objs, request)
            User.objects.keep_an_operator(without={person.pk for person in objs})
        except Refused as refusal:
            return [], {}, set(), [str(refusal)]
        # Addresses and second factors are not deleted by themselves, but they go with their person.
        go_along = {model._meta.verbose_name for model in (EmailAddress, Authenticator)}  # noqa: SLF001 - Django's name
        return to_delete, counts, needed - go_along, protected

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        self._delete(User.objects.filter(pk=obj.pk))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        self._delete(queryset)

    @admin.action(description=gettext_lazy("Email a link to choose a password"), permissions=["change"])
    def mail_password_link(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        people = [person for person in queryset if self.has_change_permission(request, person)]
        sent = sum(send_password_link(person) for person in people)
        messages.info(request, ngettext("%d link is on its way.", "%d links are on their way.", sent) % sent)
        if left_out := queryset.count() - sent:
            text = ngettext("%d person was skipped", "%d people were skipped", left_out) % left_out
            messages.warning(request, f"{text}: {gettext('shut out, or not yours to change.')}")

    def _delete(self, people: QuerySet[User]) -> None:
        with transaction.atomic():
            try:
                User.objects.keep_an_operator(without=set(people.values_list("pk", flat=True)))
                people.delete()
            except Refused as refusal:  # seen by the confirmation page before, unless two delete at the same time
                raise PermissionDenied(str(refusal)) from None


@admin.register(EmailAddress)
class EmailAddressAdmin(ReadOnly[EmailAddress], AllauthEmailAddressAdmin):  # type: ignore[misc]
    """Read-only: an address is changed on the person's page, which keeps both the same."""

    list_select_related = ("user",)
    search_fields = ("email", "user__email", "user__name")
    ordering = ("email",)
    actions = ("make_verified",)

    def get_search_fields(self, request: HttpRequest) -> tuple[str, ...]:
        return self.search_fields

    def has_verify_permission(self, request: HttpRequest) -> bool:
        return is_superuser(request)

    @admin.action(description=gettext_lazy("Mark as verified"), permissions=["verify"])
    def make_verified(self, request: HttpRequest, queryset: QuerySet[EmailAddress]) -> None:
        super().make_verified(request, queryset)


@admin.register(Group)
class GroupAdmin(FreshToChange[Group], LoggedOneByOne[Group], DjangoGroupAdmin):
    """A group is a bundle of rights, so only superusers fill it."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and is_superuser(request)

    def has_change_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return super().has_change_permission(request, obj) and is_superuser(request)

    def has_delete_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return super().has_delete_permission(request, obj) and is_superuser(request)
