"""What the page says while files are being sent; a script fills in the {names} (project/static/js/uploads.js)."""

from typing import Any

from django.conf import settings
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from todos.models.attachment import MOST_FILES


def sending_words() -> dict[str, Any]:
    """Return the sentences by what happened, and under `sizes` one size of each unit for the script to write more."""
    largest = {"largest": filesizeformat(settings.UPLOAD_MAX_BYTES)}
    return {
        "waiting": _("Waiting"),
        "sending": _("{done} of {size}"),
        "shrinking": _("Shrinking…"),
        "completing": _("Sent"),
        "again": _("Connection lost. Retrying in {seconds} s."),
        "offline": _("It could not be sent: the server did not answer. Try again."),
        "store": _("Files can't be stored right now. Try again in a moment."),
        "refused": _("It was refused. Reload the page and try again."),
        "outdated": _("This page is out of date. Reload the page, then choose the file again."),
        "empty": _("This file is empty."),
        "type": _("Only images (PNG, JPEG, GIF, WebP, AVIF) and PDF files can be attached."),
        "convertible": _("This format has to be converted first. Turn on “Shrink images” and choose the file again."),
        "large": _("This file is larger than %(largest)s, the maximum.") % largest,
        "shrinkable": _(
            "This file is larger than %(largest)s, the maximum. Turn on “Shrink images” and choose it again."
        )
        % largest,
        "pixels": _("This image has too many pixels. Make it smaller and choose it again."),
        "pixels-shrinkable": _("This image has too many pixels. Turn on “Shrink images” and choose it again."),
        "undecodable": _("This browser can't read this format. Save the image as a JPEG and choose that."),
        "room": _("A to-do can have at most %(most)d files.") % {"most": MOST_FILES},
        "arrived": _("{name} was sent and is being checked."),
        "not-sent": _("{name} was not sent. {reason}"),
        "cancelled": _("{name} was cancelled."),
        "sizes": {
            unit: filesizeformat(size)
            for unit, size in (("byte", 1), ("bytes", 0), ("KB", 1126), ("MB", 1153434), ("GB", 1181116006))
        },
    }
