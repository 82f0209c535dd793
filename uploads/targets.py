"""The things that uploads can be attached to. Apps above this one join with `register`; the first is the to-do.

`may_add(person, id)` raises Http404 where the person does not see the target, PermissionDenied where they may not add.
`attach(upload)` is called inside of the transaction that makes the upload ready, with its row locked, and raises Gone
where there is nothing to attach it to any more: then the upload is deleted; or Full where others came first: then it is
rejected, which its owner sees.
`kept(ids)` returns those of the ready uploads with these ids that are still attached; the others are swept after a day.
Without it none is swept.
`lost(upload, by)` is called inside of the transaction that ends a ready upload whose file was lost or damaged, so that
who misses it reads what became of it.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

if TYPE_CHECKING:
    from accounts.models import User
    from uploads.models import Upload


class Gone(Exception):
    """The upload's target no longer exists, or its owner can no longer add to it."""


class Full(Exception):
    """The upload's target has reached its limit of files."""


class Target(NamedTuple):
    kind: str
    id: str


@dataclass(frozen=True)
class Kind:
    name: str
    may_add: Callable[["User", str], object]
    attach: Callable[["Upload"], object]
    kept: Callable[[Collection[UUID]], set[UUID]] | None = None
    lost: Callable[["Upload", "User | None"], object] | None = None


_kinds: dict[str, Kind] = {}


def register(
    name: str,
    *,
    may_add: Callable[["User", str], object],
    attach: Callable[["Upload"], object],
    kept: Callable[[Collection[UUID]], set[UUID]] | None = None,
    lost: Callable[["Upload", "User | None"], object] | None = None,
) -> None:
    _kinds[name] = Kind(name, may_add, attach, kept, lost)


def find(name: str) -> Kind | None:
    return _kinds.get(name)
