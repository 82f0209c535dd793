"""Why a verb was refused although the person may use it."""

from django.utils.translation import gettext_lazy as _

from project.lib.refusals import Refused


class LastOwner(Refused):
    code = "last_owner"
    sentence = _("A list always has an owner. Make somebody else an owner first.")


class Deserted(Refused):
    """Other members of a list would be left without an owner; made with a sentence for each such list."""

    code = "deserted"


class InTheTrash(Refused):
    code = "in_the_trash"
    sentence = _("This to-do is in the trash. Restore it first.")


class ListInTheTrash(Refused):
    code = "list_in_the_trash"
    sentence = _("This list is in the trash. Restore it first.")


class TrashedTooLong(Refused):
    code = "trashed_too_long"
    sentence = _("This was in the trash for more than 30 days, and is being deleted.")


class Gone(Refused):
    code = "gone"
    sentence = _("This no longer exists.")


class MovedMeanwhile(Refused):
    code = "moved_meanwhile"
    sentence = _("Somebody moved this to-do to another list meanwhile. Nothing was changed.")


class FullOfFiles(Refused):
    code = "full_of_files"
    sentence = _("This to-do has as many files as it can have. Remove one first.")


class FileInTheTrash(Refused):
    code = "file_in_the_trash"
    sentence = _("This file was removed. Restore it first.")


class FileNotInTheTrash(Refused):
    code = "file_not_in_the_trash"
    sentence = _("This file is not in the trash. Remove it first.")


class NeighbourGone(Refused):
    code = "neighbour_gone"
    sentence = _("The to-do to put it behind is no longer in this list. Nothing was moved.")


class NeighbourFileGone(Refused):
    code = "neighbour_file_gone"
    sentence = _("The file to put it behind is no longer here. Nothing was moved.")


class BulkAddOver(Refused):
    code = "bulk_add_over"
    sentence = _("This bulk add has ended. Nothing was changed.")


class NotYetChecked(Refused):
    code = "not_yet_checked"
    sentence = _("The lines are still being checked. Wait a moment.")


class StillAdding(Refused):
    code = "still_adding"
    sentence = _("The lines are being added. Wait until that is done; then you can undo it.")
