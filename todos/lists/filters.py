"""The list page's filters: they are its URL. Whatever cannot be understood there counts as absent."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.db import models
from django.db.models.functions import Lower
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from todos.models import Todo
from todos.models.todo import TodoQuerySet
from todos.web.paging import page_number

_LONGEST_Q = 200


class Status(models.TextChoices):
    ACTIVE = "active", _("Open")
    COMPLETED = "completed", _("Completed")
    ALL = "all", _("All")


class Sort(models.TextChoices):
    POSITION = "position", _("Position")
    TEXT = "text", _("Text")
    CREATED = "created", _("Newest first")
    COMPLETED = "completed", _("Recently completed")


# The id settles ties, or a row could stand on two pages and another on none.
_ORDER: dict[str, tuple[Any, ...]] = {
    Sort.POSITION: ("position", "pk"),
    Sort.TEXT: (Lower("text"), "pk"),
    Sort.CREATED: ("-created_at", "-pk"),
    Sort.COMPLETED: (models.F("completed_at").desc(nulls_last=True), "-pk"),
}


@dataclass(frozen=True, slots=True)
class Filters:
    q: str = ""
    status: str = Status.ACTIVE.value
    sort: str = Sort.POSITION.value
    page: int = 1

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> "Filters":
        return cls(
            q=_words(params.get("q", "")),
            status=_one_of(Status.values, params.get("status"), default=Status.ACTIVE.value),
            sort=_one_of(Sort.values, params.get("sort"), default=Sort.POSITION.value),
            page=page_number(params.get("page")),
        )

    @classmethod
    def from_url(cls, url: str) -> "Filters":
        return cls.from_params(QueryDict(urlsplit(url).query))

    @property
    def status_choices(self) -> Sequence[tuple[str, Promise | str]]:
        return Status.choices

    @property
    def sort_choices(self) -> Sequence[tuple[str, Promise | str]]:
        return Sort.choices

    @property
    def reorderable(self) -> bool:
        return self.sort == Sort.POSITION and not self.q

    def query(self, **changes: Any) -> str:
        """Return what differs from the default as "?…", or "" if nothing does.

        With `changes`; a change of anything but the page goes to the first page.
        """
        changed = asdict(self) | ({"page": 1} | changes if changes else {})
        default = asdict(Filters())
        params = {name: value for name, value in changed.items() if value != default[name]}
        return f"?{urlencode(params)}" if params else ""

    def apply(self, todos: TodoQuerySet) -> TodoQuerySet:
        if self.status == Status.ACTIVE:
            todos = todos.open()
        elif self.status == Status.COMPLETED:
            todos = todos.completed()
        else:
            todos = todos.live()
        if self.q:
            todos = todos.containing(self.q)
        return todos.order_by(*_ORDER[self.sort])


def todos_of(list_id: int, *, filters: Filters) -> TodoQuerySet:
    return filters.apply(Todo.objects.filter(list=list_id))


def _words(value: object) -> str:
    words = str(value or "").strip()
    return words if words.isprintable() and len(words) <= _LONGEST_Q else ""


def _one_of(values: list[str], value: object, *, default: str) -> str:
    return str(value) if value in values else default
