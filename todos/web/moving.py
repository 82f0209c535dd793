"""Moving a row by one place: what its menu's “Move up” and “Move down” put it after."""

from collections.abc import Sequence
from typing import Protocol


class Movable(Protocol):
    pk: int
    move_up_after: int | str | None
    move_down_after: int | None


def point_all(rows: Sequence[Movable], shown: Sequence[Movable], *, lead: int = 0) -> None:
    """Note it in each of the rows `shown`: `rows` has them and their neighbours, of which `lead` come first."""
    for index, row in enumerate(shown, start=lead):
        before = [other.pk for other in rows[max(index - 2, 0) : index]]
        point(row, before=before, after=rows[index + 1].pk if index + 1 < len(rows) else None)


def point(row: Movable, *, before: Sequence[int], after: int | None) -> None:
    """Note it in one row, from the ids of the two rows before it, or those there are, and of the one after it."""
    # Up means after the one two places before; with only one before, to the first place.
    row.move_up_after = before[0] if len(before) == 2 else "" if before else None
    row.move_down_after = after
