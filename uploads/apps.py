from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class UploadsConfig(AppConfig):
    name = "uploads"
    verbose_name = _("Files")

    def ready(self) -> None:
        from accounts import extensions
        from uploads import leaving

        extensions.register(
            extensions.Extension(
                "uploads",
                export=leaving.export,
                files=leaving.files,
                leave=leaving.leave,
                purge=leaving.purge,
                limits={"upload": _("Uploading files")},
                operators_may=("uploads.change_upload",),
            )
        )
