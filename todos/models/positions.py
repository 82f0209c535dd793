"""The position of a to-do in its list: sparse integers, ordered with the id, so that a move writes one row.

Callers hold the list's lock. To-dos in the trash keep their place, and count as neighbours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import connection
from django.db.models import Min, Q, QuerySet

if TYPE_CHECKING:
    from todos.models.todo import Todo

GAP = 2**20

# One statement, as 10,000 rows one by one would hold the lock for seconds.
_SPREAD = """
UPDATE todos_todo SET position = ranked.place * %s
FROM (SELECT id, ROW_NUMBER() OVER (ORDER BY position, id) AS place FROM todos_todo WHERE list_id = %s) AS ranked
WHERE todos_todo.id = ranked.id
"""


def first(todos: QuerySet[Todo]) -> int:
    lowest: int | None = todos.aggregate(lowest=Min("position"))["lowest"]
    return 0 if lowest is None else lowest - GAP


def behind(neighbour: Todo, *, todos: QuerySet[Todo]) -> int:
    """Return a free position right after `neighbour`, making room if there is none."""
    following = next_to(neighbour, todos=todos)
    if following is None:
        return neighbour.position + GAP
    if following.position - neighbour.position < 2:
        spread(neighbour.list_id)
        neighbour.refresh_from_db(fields=["position"])
        following.refresh_from_db(fields=["position"])
    return (neighbour.position + following.position) // 2


def block(room_for: int, *, behind: Todo | None, todos: QuerySet[Todo]) -> tuple[int, int]:
    """Return the first position, and the gap to the next, of consecutive to-dos: after a to-do, or first of all.

    `room_for` are to come, not all of them now. Asked again after the last one, it goes on in the same room, unless
    the list was renumbered or that to-do was moved meanwhile: then they are closer together.
    """
    if behind is None:
        return first(todos) - (room_for - 1) * GAP, GAP
    following = next_to(behind, todos=todos)
    if following is not None and following.position - behind.position <= room_for:
        spread(behind.list_id)
        behind.refresh_from_db(fields=["position"])
        following.refresh_from_db(fields=["position"])
    gap = GAP if following is None else min(GAP, (following.position - behind.position) // (room_for + 1))
    return behind.position + gap, gap


def next_to(todo: Todo, *, todos: QuerySet[Todo]) -> Todo | None:
    later = Q(position__gt=todo.position) | Q(position=todo.position, pk__gt=todo.pk)
    return todos.filter(later).order_by("position", "pk").first()


def previous_to(todo: Todo, *, todos: QuerySet[Todo]) -> Todo | None:
    earlier = Q(position__lt=todo.position) | Q(position=todo.position, pk__lt=todo.pk)
    return todos.filter(earlier).order_by("-position", "-pk").first()


def spread(list_id: int) -> None:
    """Give the to-dos of a list even gaps again, in their present order."""
    with connection.cursor() as cursor:
        cursor.execute(_SPREAD, [GAP, list_id])
