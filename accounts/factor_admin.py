from typing import Any

from allauth.mfa import admin as _allauth  # noqa: F401 - registers what is replaced here
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.http import HttpRequest

from accounts.admin_reading import PlainlyNamed

admin.site.unregister(Authenticator)


@admin.register(Authenticator)
class AuthenticatorAdmin(PlainlyNamed[Any]):
    """To look up only, and never the secret; `manage.py reset_mfa` takes factors away."""

    list_display = ("user", "type", "created_at", "last_used_at")
    list_filter = ("type",)
    list_select_related = ("user",)
    search_fields = ("user__email", "user__name")
    fields = ("user", "type", "created_at", "last_used_at")
    ordering = ("-created_at",)

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 - Django's signature
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - Django's
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - Django's
        return False
