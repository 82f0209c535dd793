from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps
from django.utils.translation import gettext_lazy as _


class ProjectConfig(AppConfig):
    name = "project"
    verbose_name = _("Holdfast")

    def ready(self) -> None:
        from project import checks  # noqa: F401 - registers them


class AdminConfig(admin_apps.AdminConfig):
    default_site = "project.admin.OperatorSite"
