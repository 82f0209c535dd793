"""Why an upload is not begun: said before any byte is sent."""

from django.conf import settings
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

_MOST_NAMED = 10


class Refused(Exception):
    """The declared file is not taken; `code` is for programs, the text for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def wrong_size() -> Refused:
    return Refused("size", _("The size must be a whole number of bytes."))


def empty() -> Refused:
    return Refused("empty", _("This file is empty."))


def too_large() -> Refused:
    limit = filesizeformat(settings.UPLOAD_MAX_BYTES)
    return Refused("too_large", _("This file is too large: at most %(limit)s are taken.") % {"limit": limit})


def wrong_type() -> Refused:
    return Refused("type", _("Only pictures (PNG, JPEG, GIF, WebP, AVIF) and PDF files are taken."))


def wrong_name() -> Refused:
    return Refused("name", _("The file needs a name of at most 1,000 characters."))


def wrong_target() -> Refused:
    return Refused("target", _("It is not said what the file is for."))


def over_quota(used: int) -> Refused:
    sizes = {"used": filesizeformat(used), "limit": filesizeformat(settings.UPLOAD_QUOTA_BYTES)}
    text = _("No room: %(used)s of your %(limit)s are used. Delete some of your files for good.")
    return Refused("quota", text % sizes)


def store_down() -> Refused:
    return Refused("store", _("Files cannot be stored just now. Nothing is lost: try again in a moment."))


def too_many(most: int) -> Refused:
    return Refused("too_many", _("At most %(most)d files are taken at once; send these afterwards.") % {"most": most})


def named(refused: Refused, *names: str) -> Refused:
    told = ", ".join(names[:_MOST_NAMED])
    if more := len(names[_MOST_NAMED:]):
        told = ngettext("%(names)s and %(count)d other", "%(names)s and %(count)d others", more) % {
            "names": told,
            "count": more,
        }
    return Refused(refused.code, f"{told}: {refused}")
