from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("People")

    def ready(self) -> None:
        from accounts.audit import receivers
        from accounts.factors import receivers as _factors  # noqa: F401 - connects them
        from accounts.operators import groups

        receivers.connect()
        groups.connect()
