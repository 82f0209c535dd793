"""Why a verb was refused although the person may use it; str() is a sentence for that person."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Refused(Exception):  # noqa: N818 - an answer, not a fault
    """A verb found the data in a state that does not allow it; nothing was changed."""

    message: str | Promise = ""

    def __str__(self) -> str:
        return str(self.message)


class LastOwner(Refused):
    message = _("A list always has an owner. Make somebody else an owner first.")


class InTheTrash(Refused):
    message = _("This to-do is in the trash. Restore it first.")


class ListInTheTrash(Refused):
    message = _("This list is in the trash. Restore it first.")


class TrashedTooLong(Refused):
    message = _("This was in the trash for more than 30 days, and is being deleted.")


class Gone(Refused):
    message = _("This no longer exists.")


class MovedMeanwhile(Refused):
    message = _("Somebody moved this to-do to another list meanwhile. Nothing was changed.")


class FullOfFiles(Refused):
    message = _("This to-do has as many files as it can have. Remove one first.")


class FileInTheTrash(Refused):
    message = _("This file was removed. Restore it first.")


class FileNotInTheTrash(Refused):
    message = _("This file is not in the trash. Remove it first.")


class NeighbourGone(Refused):
    message = _("The to-do to put it behind is no longer in this list. Nothing was moved.")


class NeighbourFileGone(Refused):
    message = _("The file to put it behind is no longer here. Nothing was moved.")


class BulkAddOver(Refused):
    message = _("This bulk add has ended. Nothing was changed.")


class NotYetChecked(Refused):
    message = _("The lines are still being checked. Wait a moment.")


class StillAdding(Refused):
    message = _("The lines are being added. Wait until that is done; then you can undo it.")
