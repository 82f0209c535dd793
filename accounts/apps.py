from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("People")

    def ready(self) -> None:
        from accounts import (
            factor_receivers,  # noqa: F401 - connects them
            roles,
            signals,
        )

        signals.connect()
        roles.connect()
