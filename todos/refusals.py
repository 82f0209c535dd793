"""Why a verb was refused although the person may use it."""

from django.utils.translation import gettext_lazy as _

from project.lib.refusals import Refused


class LastOwner(Refused):
    code = "last_owner"
    sentence = _("A list needs an owner. Make someone else an owner first.")


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
    sentence = _("This was in the trash for more than 30 days and is being deleted.")


class Gone(Refused):
    code = "gone"
    sentence = _("This no longer exists.")


class MovedMeanwhile(Refused):
    code = "moved_meanwhile"
    sentence = _("Someone has just moved this to-do to another list. Nothing was changed.")


class FullOfFiles(Refused):
    code = "full_of_files"
    sentence = _("This to-do already has the maximum number of files. Remove one first.")


class FileInTheTrash(Refused):
    code = "file_in_the_trash"
    sentence = _("This file was removed. Restore it first.")


class FileNotInTheTrash(Refused):
    code = "file_not_in_the_trash"
    sentence = _("This file is not in the trash. Remove it first.")


class NeighbourGone(Refused):
    code = "neighbour_gone"
    sentence = _("The to-do you dropped it after is no longer in this list. Nothing was moved.")


class NeighbourFileGone(Refused):
    code = "neighbour_file_gone"
    sentence = _("The file you dropped it after is no longer here. Nothing was moved.")


class BulkAddOver(Refused):
    code = "bulk_add_over"
    sentence = _("This bulk add has ended. Nothing was changed.")


class NotYetChecked(Refused):
    code = "not_yet_checked"
    sentence = _("The lines are still being checked. Wait a moment.")


class StillAdding(Refused):
    code = "still_adding"
    sentence = _("The lines are still being added. You can undo it once that is done.")
