"""Attaching an upload to a to-do, once its check is done."""

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils.translation import gettext as _

from accounts.models import User
from todos.models import Attachment, Todo
from todos.models.attachment import MOST_FILES
from todos.refusals import FullOfFiles, Gone
from todos.web import access
from uploads import targets
from uploads.models import State, Upload
from uploads.targets import Target

KIND = "todo"
_LONGEST_ID = 18  # digits


def target(todo: Todo) -> Target:
    return Target(KIND, str(todo.pk))


def may_add(person: User, id: str) -> Todo:
    """Return the to-do that the person may add a file to, with room for one."""
    todo = access.writable_todo(person, _number(id))
    if room_of(todo, person=person) < 1:
        raise PermissionDenied(_("A to-do can have at most %(most)d files.") % {"most": MOST_FILES})
    return todo


def room_of(todo: Todo, *, person: User) -> int:
    """Return how many more files the person can add; other people's count once they are attached."""
    on_their_way = Upload.objects.of(person).meant_for(target(todo)).unfinished().exclude(state=State.REJECTED).count()
    return max(MOST_FILES - Attachment.objects.live().filter(todo=todo).count() - on_their_way, 0)


def attach(upload: Upload) -> None:
    """Called by the check: its transaction holds the upload. The person must still be a writer where the to-do is."""
    if upload.owner is None:
        raise targets.Gone
    todo = access.attachable_todo(upload.owner, _number(upload.target_id))
    try:
        Attachment.add(upload, todo=todo, by=upload.owner)
    except Gone:
        raise targets.Gone from None
    except FullOfFiles:
        raise targets.Full from None


def lost(upload: Upload, by: User | None) -> None:
    for attachment in Attachment.objects.filter(upload=upload).select_related("todo"):
        attachment.note_loss(by=by)


def join() -> None:
    targets.register(KIND, may_add=may_add, attach=attach, kept=Attachment.kept, lost=lost)


def _number(id: str) -> int:
    if not (id.isascii() and id.isdigit() and len(id) <= _LONGEST_ID and id == str(int(id))):
        raise Http404
    return int(id)
