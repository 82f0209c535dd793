from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.templatetags.static import static
from django.urls import include, path

from project.admin import behind_factor
from workflows.monitoring.metrics import metrics

handler400 = "project.errors.bad_request"
handler403 = "project.errors.permission_denied"
handler404 = "project.errors.page_not_found"
handler500 = "project.errors.server_error"


def favicon(_request: HttpRequest) -> HttpResponse:
    """Some browsers ask for this name before they have read the page that names another."""
    return redirect(static("favicon.svg"))


urlpatterns = [
    path("accounts/", include("accounts.urls")),
    path("admin/", admin.site.urls),
    path("favicon.ico", favicon, name="favicon"),
    path("metrics", behind_factor(metrics), name="metrics"),
    path("uploads/", include("uploads.urls")),
    path("", include("todos.urls")),
]
