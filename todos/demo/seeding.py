"""A team with a history, for trying out Holdfast: made with the verbs that members use, backdated afterwards."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from project.lib.refusals import Refused
from todos.demo.data import LISTS, PEOPLE, DemoList, DemoTodo
from todos.models import Activity, Membership, Todo, TodoList, Verb

_ADDRESSES = {key: f"{key}@example.com" for key in PEOPLE}


class NotOurs(Refused):
    """An address of the demo belongs to a person who is not from the demo."""


@dataclass(frozen=True, slots=True)
class _Event:
    at: datetime
    verb: Callable[[], object]


def addresses() -> list[str]:
    return list(_ADDRESSES.values())


def is_seeded() -> bool:
    """Does the demo exist here? Its first action stays in the history, whatever has been renamed since."""
    first = LISTS[0]
    return Activity.objects.filter(
        verb=Verb.LIST_CREATED, actor__email=_ADDRESSES[first.owner], changes={"name": [None, first.name]}
    ).exists()


def seed(password: str) -> bool:
    """Make people, lists and to-dos; return False, changing nothing, if they were made before.

    Raises NotOurs if one of the addresses is in use.
    """
    with transaction.atomic():
        if is_seeded():
            return False
        taken = User.objects.filter(email__in=_ADDRESSES.values()).values_list("email", flat=True).first()
        if taken:
            raise NotOurs(f"{taken} already belongs to someone who is not from the demo; nothing changed.")
        people = {key: _person(key, password=password) for key in PEOPLE}
        now = timezone.now()
        for demo in LISTS:
            _fill(demo, people=people, now=now)
    return True


def _person(key: str, *, password: str) -> User:
    name, time_zone = PEOPLE[key]
    person = User.objects.create_user(_ADDRESSES[key], password, name=name, time_zone=time_zone)
    person.settle_address()
    return person


def _fill(demo: DemoList, *, people: dict[str, User], now: datetime) -> None:
    owner = people[demo.owner]
    todo_list = TodoList.create(demo.name, by=owner)
    for key, role in demo.shared_with.items():
        # Nobody reads mail at these addresses.
        todo_list.add_member(people[key], role=role, by=owner, tell=False)
    began = now - timedelta(days=max(todo.added for todo in demo.todos) + 1)
    TodoList.objects.filter(pk=todo_list.pk).update(created_at=began)
    Membership.objects.filter(list=todo_list).update(created_at=began)
    Activity.objects.filter(list=todo_list).update(created_at=began)
    last = _last_activity(todo_list)
    events = (
        event for minutes, todo in enumerate(demo.todos) for event in _past(todo, todo_list, people, now, minutes)
    )
    for event in sorted(events, key=lambda event: event.at):
        event.verb()
        Activity.objects.filter(list=todo_list, pk__gt=last).update(created_at=event.at)
        last = _last_activity(todo_list)


def _past(
    demo: DemoTodo, todo_list: TodoList, people: dict[str, User], now: datetime, minutes: int
) -> Iterator[_Event]:
    """Yield what happened to a to-do; `minutes` keeps events of the same day in the order of the data."""
    author = people[demo.by]
    added = now - timedelta(days=demo.added, minutes=3 * minutes)
    made: list[Todo] = []

    def add() -> None:
        made.append(todo_list.add(demo.text, notes=demo.notes, by=author))
        Todo.objects.filter(pk=made[0].pk).update(created_at=added, updated_at=added)

    def complete(at: datetime, by: User) -> None:
        made[0].complete(by=by)
        Todo.objects.filter(pk=made[0].pk).update(completed_at=at, updated_at=at)

    yield _Event(added, add)
    if demo.reworded:
        edited = added + timedelta(hours=2)
        yield _Event(edited, lambda: made[0].edit(text=demo.reworded, by=author))
    if demo.done is not None:
        at, by = now - timedelta(days=demo.done, minutes=2 * minutes), people[demo.done_by or demo.by]
        yield _Event(at, partial(complete, at, by))
    if demo.trashed:
        yield _Event(now - timedelta(hours=5), lambda: made[0].trash(by=author))


def _last_activity(todo_list: TodoList) -> int:
    return todo_list.activities.newest_first().values_list("pk", flat=True).first() or 0
