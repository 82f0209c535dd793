"""Why a file that arrived is not kept."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Reason(models.TextChoices):
    NOT_WHAT_IT_SAYS = "not_what_it_says", _("The file is not what its type says.")
    NOT_ALLOWED = "not_allowed", _("Files of this kind are not taken.")
    TRUNCATED = "truncated", _("The file is cut off.")
    TOO_MANY_PIXELS = "too_many_pixels", _("The picture has too many pixels.")
    TRAILING_DATA = "trailing_data", _("Something else is hidden behind the end of the file.")
    TOO_MUCH_TEXT = "too_much_text", _("The picture carries too much text.")
    UNREADABLE = "unreadable", _("The file cannot be read.")
    EMPTY = "empty", _("The file is empty.")
    TARGET_GONE = "target_gone", _("What the file was for is not there any more.")
    CHANGED = "changed", _("The file changed while it was checked.")
    STORE_FAILED = "store_failed", _("The file could not be checked, because the store did not answer for an hour.")

    @property
    def explanation(self) -> str:
        return str(self.label)
