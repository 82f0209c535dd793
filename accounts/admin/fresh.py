"""Adding, changing or deleting people or groups in the console requires recent re-authentication."""

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator

from accounts.sessions.fresh import ask, fresh_session_required, is_fresh


class FreshToChange[M: models.Model](admin.ModelAdmin[M]):
    """Looking needs no fresh session: only people who change something are asked."""

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        view = super().changeform_view
        return (fresh_session_required(view) if request.method == "POST" else view)(request, *args, **kwargs)

    @method_decorator(fresh_session_required)
    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return super().delete_view(request, *args, **kwargs)

    def response_action(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse | None:
        if request.POST.get("action") == "delete_selected" and not is_fresh(request):
            return ask(request)
        return super().response_action(request, *args, **kwargs)
