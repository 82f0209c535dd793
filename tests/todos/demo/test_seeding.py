import io

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.models import User
from todos.demo import seeding
from todos.models import Activity, Todo, TodoList
from workflows.testing import run_until_idle

pytestmark = pytest.mark.django_db
PASSWORD = "kelp holds the rock"


@pytest.fixture(autouse=True)
def no_mail(mailoutbox):
    """The demo's addresses are nobody's."""
    yield
    run_until_idle()
    assert mailoutbox == []


def seed(**options) -> str:
    output = io.StringIO()
    call_command("seed_demo", stdout=output, **options)
    return output.getvalue()


def counts() -> list[int]:
    return [model.objects.count() for model in (User, TodoList, Todo, Activity)]


def test_it_makes_a_team_with_a_past():
    printed = seed()
    assert counts()[:3] == [4, 4, 40]
    assert Todo.objects.completed().count() >= 10
    assert Todo.objects.trashed().count() == 1
    password = printed.rpartition(": ")[2].strip()
    assert Client().login(email=seeding.addresses()[0], password=password)


def test_the_past_is_in_order():
    seed(password=PASSWORD)
    for row in Todo.objects.exclude(completed_at=None):
        assert row.created_at < row.completed_at <= row.updated_at
    for todo_list in TodoList.objects.all():
        times = list(todo_list.activities.order_by("pk").values_list("created_at", flat=True))
        assert times == sorted(times)
        assert todo_list.created_at == times[0]
        by_place = todo_list.todos.order_by("position").values_list("created_at", flat=True)
        assert list(by_place) == sorted(by_place, reverse=True)


def test_a_second_time_changes_nothing_and_says_so():
    assert PASSWORD not in seed(password=PASSWORD)
    TodoList.objects.filter(name="Household").update(name="Home")
    before = counts()
    assert "nothing changed" in seed()
    assert counts() == before
    assert Client().login(email=seeding.addresses()[0], password=PASSWORD)


def test_it_leaves_people_who_are_not_from_the_demo_alone():
    User.objects.create_user("tom.okafor@example.com", PASSWORD, name="Another Tom")
    with pytest.raises(CommandError, match=r"tom.okafor@example.com already belongs to someone"):
        seed()
    assert counts() == [1, 0, 0, 0]


@pytest.mark.parametrize("password", ["", "123", "password"])
def test_a_weak_password_is_refused(password):
    with pytest.raises(CommandError, match="was not accepted"):
        seed(password=password)
    assert counts() == [0, 0, 0, 0]


def test_the_password_can_come_from_standard_input(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))
    assert PASSWORD not in seed(password="-")
    assert Client().login(email=seeding.addresses()[3], password=PASSWORD)
