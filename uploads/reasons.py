"""Why an upload was refused: a code that is stored, a short label for operators, a sentence for the member."""

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Reason(models.TextChoices):
    EMPTY = "empty", _("Empty")
    NOT_WHAT_IT_SAYS = "not_what_it_says", _("Wrong file type")
    WRONG_SIZE = "wrong_size", _("Wrong size")
    TRUNCATED = "truncated", _("Truncated")
    TRAILING_DATA = "trailing_data", _("Data after the end")
    UNREADABLE = "unreadable", _("Unreadable")
    TOO_MANY_PIXELS = "too_many_pixels", _("Too many pixels")
    TOO_MUCH_ANIMATION = "too_much_animation", _("Too much animation")
    TOO_MUCH_TEXT = "too_much_text", _("Too much text")
    TOO_COMPLEX = "too_complex", _("Too complex")
    CHANGED = "changed", _("Changed after it was sent")
    MISSING = "missing", _("Missing in the store")
    STORE_FAILED = "store_failed", _("Store unreachable")
    TARGET_GONE = "target_gone", _("Target no longer exists")
    FULL = "full", _("Target full")

    @property
    def explanation(self) -> str | Promise:
        return _EXPLANATIONS[self]


_EXPLANATIONS = {
    Reason.EMPTY: _("The file is empty."),
    Reason.NOT_WHAT_IT_SAYS: _("Wrong file type: the content doesn't match the name. Re-save it and upload the copy."),
    Reason.WRONG_SIZE: _("The file arrived with a different size than expected. Send it again."),
    Reason.TRUNCATED: _("The end of the file is missing. Open it to check that it is complete, then send it again."),
    Reason.TRAILING_DATA: _("The file has extra data at the end. Re-save it and upload the copy."),
    Reason.UNREADABLE: _(
        "The file is damaged, or in a variant of its format that can't be read. Re-save it and upload the copy."
    ),
    Reason.TOO_MANY_PIXELS: _("The image has too many pixels. Make it smaller and send it again."),
    Reason.TOO_MUCH_ANIMATION: _("The animation is too large or too long. Make it smaller and send it again."),
    Reason.TOO_MUCH_TEXT: _("The image contains too much embedded text. Save a copy without it and upload that."),
    Reason.TOO_COMPLEX: _("Reading the file takes too long or too much memory. Save a simpler copy and upload that."),
    Reason.CHANGED: _("The file was changed while it was being checked. Send it again."),
    Reason.MISSING: _("The file did not arrive, or is missing from the store. Send it again."),
    Reason.STORE_FAILED: _(
        "The file could not be checked because its store was unreachable for an hour. Send it again."
    ),
    Reason.TARGET_GONE: _("The to-do for this file was deleted, or you can no longer add files to it."),
    Reason.FULL: _(
        "The maximum number of files was reached while this one was being checked. Remove one, then send this again."
    ),
}
