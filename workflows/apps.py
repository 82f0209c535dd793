from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class WorkflowsConfig(AppConfig):
    name = "workflows"
    verbose_name = _("Background work")

    def ready(self) -> None:
        from workflows import checks  # noqa: F401 - registers them

        autodiscover_modules("workflows")
