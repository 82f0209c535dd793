"""The part of a person's data export about their lists."""

from collections.abc import Iterator

from django.db.models import F, Q

from accounts.extensions import Rows
from accounts.leaving.exporting import CHUNK
from accounts.models import User
from todos.models import Activity, Attachment, Membership, Todo, TodoList


def export(person: User) -> Iterator[tuple[str, Rows]]:
    """Yield the lists of the person, what is in them, and what the person did anywhere."""
    lists = Membership.objects.of(person).order_by("list")
    found = lists.values("list", "role", name=F("list__name"), trashed_at=F("list__trashed_at"))
    yield "lists", found.iterator(CHUNK)
    # What is in the trash of a list, or in a list in the trash, is only for who may restore it.
    readable = TodoList.objects.visible_to(person).values("pk")
    restorable = TodoList.objects.restorable_by(person).values("pk")
    todos = Todo.objects.filter(Q(list__in=readable, trashed_at=None) | Q(list__in=restorable)).order_by("pk")
    fields = ("id", "list", "text", "notes", "created_at", "updated_at", "completed_at", "trashed_at")
    yield "todos", todos.values(*fields).iterator(CHUNK)
    files = Attachment.objects.filter(trashed_at=None, todo__in=todos).order_by("pk")
    columns = ("id", "todo", "upload", "caption", "created_at")
    yield "attachments", files.values(*columns, name=F("upload__name")).iterator(CHUNK)
    activity = Activity.objects.filter(actor=person).order_by("pk")
    yield "activity", activity.values("list", "todo", "verb", "changes", "created_at").iterator(CHUNK)
