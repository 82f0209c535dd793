"""Why an upload was refused: a code that is stored, a short label for operators, a sentence for the member."""

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Reason(models.TextChoices):
    EMPTY = "empty", _("Empty")
    NOT_WHAT_IT_SAYS = "not_what_it_says", _("Not what it says")
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
    STORE_FAILED = "store_failed", _("Store out of reach")
    TARGET_GONE = "target_gone", _("Target gone")
    FULL = "full", _("Target full")

    @property
    def explanation(self) -> str | Promise:
        return _EXPLANATIONS[self]


_EXPLANATIONS = {
    Reason.EMPTY: _("The file is empty."),
    Reason.NOT_WHAT_IT_SAYS: _("The content of the file is of another type than its name says."),
    Reason.WRONG_SIZE: _("The file that arrived is not as long as the one that was announced. Send it again."),
    Reason.TRUNCATED: _("The end of the file is missing. Open it to see whether it is whole, and send it again."),
    Reason.TRAILING_DATA: _("There is something else behind the end of the file. Save a copy of it and send that."),
    Reason.UNREADABLE: _("The file is damaged, or in a variant of its format that cannot be read."),
    Reason.TOO_MANY_PIXELS: _("The picture has too many pixels. Make it smaller and send it again."),
    Reason.TOO_MUCH_ANIMATION: _("The animation is too large or too long. Make it smaller and send it again."),
    Reason.TOO_MUCH_TEXT: _(
        "The picture carries too much text in its description. Save a copy without it and send that."
    ),
    Reason.TOO_COMPLEX: _("Reading the file takes too long, or too much memory. Save a plainer copy and send that."),
    Reason.CHANGED: _("The file was changed while it was being checked. Send it again."),
    Reason.MISSING: _("The file did not arrive, or is gone from the store. Send it again."),
    Reason.STORE_FAILED: _("The file could not be checked: its store was out of reach for an hour. Send it again."),
    Reason.TARGET_GONE: _("What the file was meant for has been deleted, or you may no longer add files to it."),
    Reason.FULL: _("There are as many files here as there can be: others came first. Remove one and send it again."),
}
