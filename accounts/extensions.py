"""What the apps above this one have to do with people: the one registry by which accounts reaches them.

An app joins in its `AppConfig.ready` with `register(Extension(name, …))`, by its label, and leaves out what it has
nothing to do with:

- `describe`, `grant`: what an invitation carries for the app as {name: data}. `describe` turns many data into a few
  words each. `grant(data, person=, by=)` runs in the transaction of the acceptance: it gives a person what the inviter
  may give at that moment, or returns None. Lock order: the invitation, then what `grant` locks.
- `export` yields what it has of a person, as names of files and the rows in each. Rows come from iterators and are
  written as they come, so that a large account needs no more memory than a small one.
- `files` yields the person's own files, which follow the rows; one that is lost is named in the export.
- `shared` returns what others use too and only the person owns; `hand_over(person, heirs)` gives it to the heirs that
  the person chose, and takes the person out of it in any case: what has no heir stays without an owner.
- `card` returns what the settings page shows the person of the app.
- `has_begun` tells whether a person has completed something, so that they need no tips for the first days.
- `leave` takes the person out of what is shared with others, or refuses (`project.lib.refusals`) with the sentence
  that says why that cannot be. `purge` gets a workflow's `step` and deletes the rest in steps of its own, named after
  the app.
- `mails`, `limits`: the kinds of its mails that a person can do without, and its names in settings.RATE_LIMITS, with
  the words for them on pages.
- `operators_may`: the permissions of its models that the group of operators gets besides viewing.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, BinaryIO

from django.utils.functional import Promise

from accounts.models import User
from workflows import engine

type Data = dict[str, Any]
type Rows = Iterable[Mapping[str, object]]


@dataclass(frozen=True)
class Granted:
    url: str  # where the person finds it
    changed: bool = True  # False where they had it before


@dataclass(frozen=True)
class Shared:
    extension: str
    key: int
    label: str
    url: str  # of its page in the admin
    heirs: list[User]


@dataclass(frozen=True)
class PersonalFile:
    name: str  # in the export, with its folders
    made_at: datetime
    open: Callable[[], AbstractContextManager[BinaryIO]]  # or FileNotFoundError


@dataclass(frozen=True)
class Card:
    template: str
    context: Data


def nothing(*_args: object, **_more: object) -> Any:
    return ()


@dataclass(frozen=True)
class Extension:
    name: str
    describe: Callable[[Sequence[Data]], list[str]] = nothing
    grant: Callable[..., Granted | None] = nothing
    export: Callable[[User], Iterator[tuple[str, Rows]]] = nothing
    files: Callable[[User], Iterable[PersonalFile]] = nothing
    shared: Callable[[User], list[Shared]] = nothing
    hand_over: Callable[[User, dict[int, int]], object] = nothing
    card: Callable[[User], Card | None] = nothing
    has_begun: Callable[[User], bool] = nothing
    leave: Callable[[User], object] = nothing
    purge: Callable[[engine.Steps, int], None] = nothing
    mails: Mapping[str, str | Promise] = field(default_factory=dict)
    limits: Mapping[str, str | Promise] = field(default_factory=dict)
    operators_may: Sequence[str] = ()


_extensions: dict[str, Extension] = {}


def register(extension: Extension) -> None:
    _extensions[extension.name] = extension


def joined() -> list[Extension]:
    """Return who has joined, in an order that does not depend on that of the apps: workflows are replayed by it."""
    return [_extensions[name] for name in sorted(_extensions)]


def find(name: str) -> Extension | None:
    return _extensions.get(name)
