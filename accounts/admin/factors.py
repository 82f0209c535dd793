from typing import Any

from allauth.mfa import admin as _allauth  # noqa: F401 - registers what is replaced here
from allauth.mfa.models import Authenticator
from django.contrib import admin

from accounts.admin.reading import ReadOnly

admin.site.unregister(Authenticator)


@admin.register(Authenticator)
class AuthenticatorAdmin(ReadOnly[Any]):
    """Read-only, and never shows the secret; `manage.py reset_mfa` removes factors."""

    list_display = ("user", "type", "created_at", "last_used_at")
    list_filter = ("type",)
    list_select_related = ("user",)
    search_fields = ("user__email", "user__name")
    fields = ("user", "type", "created_at", "last_used_at")
    ordering = ("-created_at",)
