from django.urls import path

from uploads import views

app_name = "uploads"
urlpatterns = [
    path("", views.create, name="create"),
    path("<uuid:pk>/", views.status, name="status"),
    path("<uuid:pk>/put/", views.put, name="put"),
    path("<uuid:pk>/complete/", views.complete, name="complete"),
    path("<uuid:pk>/cancel/", views.cancel, name="cancel"),
    # A browser may send more here than elsewhere; see settings.BODY_LIMITS.
    path("<uuid:pk>/bytes/", views.receive, name="bytes"),
]
