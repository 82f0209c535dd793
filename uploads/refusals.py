"""Why an upload is not begun: said before any byte is sent."""

from django.conf import settings
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from project.lib.refusals import Refused

_MOST_NAMED = 10


def wrong_size() -> Refused:
    return Refused(_("The size must be a whole number of bytes."), code="size")


def empty() -> Refused:
    return Refused(_("This file is empty."), code="empty")


def too_large() -> Refused:
    limit = filesizeformat(settings.UPLOAD_MAX_BYTES)
    return Refused(_("This file is too large. The maximum is %(limit)s.") % {"limit": limit}, code="too_large")


def wrong_type() -> Refused:
    return Refused(_("Only images (PNG, JPEG, GIF, WebP, AVIF) and PDF files are accepted."), code="type")


def wrong_name() -> Refused:
    return Refused(_("The file needs a name of at most 1,000 characters."), code="name")


def wrong_target() -> Refused:
    return Refused(_("The file needs a valid target."), code="target")


def over_quota(used: int) -> Refused:
    sizes = {"used": filesizeformat(used), "limit": filesizeformat(settings.UPLOAD_QUOTA_BYTES)}
    text = _("Not enough space: you have used %(used)s of %(limit)s. Permanently delete some of your files.")
    return Refused(text % sizes, code="quota")


def store_down() -> Refused:
    return Refused(_("Files can't be stored right now. Nothing is lost. Try again in a moment."), code="store")


def too_many(most: int) -> Refused:
    return Refused(
        _("At most %(most)d files can be sent at a time. Send these separately.") % {"most": most}, code="too_many"
    )


def named(refused: Refused, *names: str) -> Refused:
    told = ", ".join(names[:_MOST_NAMED])
    if more := len(names[_MOST_NAMED:]):
        told = ngettext("%(names)s and %(count)d other", "%(names)s and %(count)d others", more) % {
            "names": told,
            "count": more,
        }
    return Refused(f"{told}: {refused}", code=refused.code)
