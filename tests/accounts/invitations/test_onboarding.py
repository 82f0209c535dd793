from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.invitations import onboarding
from accounts.models import User
from accounts.operators.seeding import seed_admin
from tests.accounts.people import PEOPLE
from tests.conftest import PASSWORD
from todos.models import TodoList
from workflows import engine
from workflows.models import Run
from workflows.testing import advance, crash_at, run_until_idle

DORA = {"email": "dora@example.com", "name": "Dora", "password1": "", "password2": ""}
WITH_PASSWORD = {"password1": PASSWORD, "password2": PASSWORD}


@pytest.fixture
def add(sign_in, staff):
    """Return a function that adds Dora by the form of the console."""

    def add_dora(**values) -> User:
        sign_in(staff).post(f"{PEOPLE}add/", DORA | values)
        return User.objects.get(email=DORA["email"])

    return add_dora


def output(person: User) -> str | None:
    run = Run.objects.get(pk=f"onboarding-{person.pk}")
    assert run.status == "succeeded", (run.status, run.error)
    return run.output


def test_a_new_person_gets_a_link_and_after_three_days_a_tip(add, delivered):
    dora = add(send_link="on")
    [welcome] = delivered()
    assert welcome.subject == "Your Holdfast account"
    assert "Choose your password here" in welcome.body
    advance(timedelta(days=3) - timedelta(minutes=1))
    assert len(delivered()) == 1
    advance(timedelta(minutes=1))
    _welcome, tip = delivered()
    assert tip.to == ["dora@example.com"]
    assert tip.subject == "Three keys to start with"
    assert "Hello Dora," in tip.body
    assert "You haven't chosen a password yet" in tip.body
    assert output(dora) == '"tip sent"'
    advance(timedelta(days=30))
    assert len(delivered()) == 2


def test_who_has_a_password_is_not_told_to_choose_one(add, delivered):
    add(**WITH_PASSWORD)
    assert delivered() == []
    advance(timedelta(days=3))
    [tip] = delivered()
    assert "password" not in tip.body
    assert "http://localhost:8000\n" in tip.body


def test_who_completes_something_gets_no_tip(add, delivered):
    dora = add(**WITH_PASSWORD)
    delivered()
    chores = TodoList.create("Chores", by=dora)
    chores.add("Wash up", by=dora).complete(by=dora)
    assert delivered() == []
    assert output(dora) == '"found the way"'
    dora.refresh_from_db()
    assert dora.onboarding_at is None
    advance(timedelta(days=3))
    assert delivered() == []


def test_a_completion_before_the_worker_has_looked_counts(add, delivered):
    dora = add(**WITH_PASSWORD)
    TodoList.create("Chores", by=dora).add("Wash up", by=dora).complete(by=dora)
    assert delivered() == []
    assert output(dora) == '"found the way"'


def test_a_completion_between_the_timeout_and_the_tip_counts(add, delivered):
    dora = add(**WITH_PASSWORD)
    delivered()
    advance(timedelta(days=3))
    with crash_at("steps.wait_for_event.after"):
        run_until_idle()
    TodoList.create("Chores", by=dora).add("Wash up", by=dora).complete(by=dora)
    advance(timedelta(seconds=10))
    assert delivered() == []
    assert output(dora) == '"no tip"'


def test_a_completion_while_no_worker_is_up_counts(add, delivered):
    dora = add(**WITH_PASSWORD)
    delivered()
    advance(timedelta(days=2))
    TodoList.create("Chores", by=dora).add("Wash up", by=dora).complete(by=dora)
    advance(timedelta(days=2))
    assert delivered() == []
    assert output(dora) == '"no tip"'


def test_what_others_complete_does_not_count(add, alice, delivered):
    dora = add(**WITH_PASSWORD)
    delivered()
    TodoList.create("Chores", by=dora).add("Wash up", by=dora).complete(by=alice)
    advance(timedelta(days=3))
    assert len(delivered()) == 1


def test_who_was_not_meant_to_get_mail_gets_no_tip(add, delivered):
    dora = add()
    delivered()
    advance(timedelta(days=3))
    assert delivered() == []
    assert not dora.has_usable_password()
    assert output(dora) == '"no tip"'


@pytest.mark.parametrize("gone", ["ban", "deactivate", "delete"])
@pytest.mark.parametrize("when", ["before the welcome", "before the tip"])
def test_who_is_shut_out_gets_nothing(add, delivered, gone, when):
    dora = add(send_link="on")
    if when == "before the tip":
        delivered().clear()
    {
        "ban": dora.ban,
        "deactivate": lambda: User.objects.filter(pk=dora.pk).update(is_active=False),
        "delete": dora.delete,
    }[gone]()
    delivered()
    advance(timedelta(days=3))
    assert delivered() == []
    assert Run.objects.get().status == "succeeded"


def test_the_onboarding_begins_exactly_when_the_person_does(alice):
    with transaction.atomic():
        onboarding.begin(alice, send_link=True, by=None)
        transaction.set_rollback(True)
    assert not Run.objects.exists()


def test_a_person_who_could_not_be_added_starts_nothing(sign_in, staff):
    sign_in(staff).post(f"{PEOPLE}add/", DORA | {"email": "nonsense"})
    assert not Run.objects.exists()


def test_the_first_admin_needs_no_onboarding(db):
    seed_admin(email="root@example.com", password=PASSWORD)
    assert not Run.objects.exists()


def test_completing_costs_more_only_the_first_time(add, delivered):
    dora = add(**WITH_PASSWORD)
    chores = TodoList.create("Chores", by=dora)
    todos = [chores.add(text, by=dora) for text in "abc"]

    def cost(todo) -> int:
        person = User.objects.get(pk=dora.pk)
        with CaptureQueriesContext(connection) as queries:
            assert todo.complete(by=person)
        return len(queries)

    new, still_new = cost(todos[0]), cost(todos[1])
    delivered()
    assert (new, still_new) == (cost(todos[2]) + 1, new)  # the message, until the worker has seen the first


def test_a_pruned_run_stops_nobody(add, delivered):
    dora = add(**WITH_PASSWORD)
    Run.objects.all().delete()
    assert TodoList.create("Chores", by=dora).add("Wash up", by=dora).complete(by=dora)


def test_the_run_may_be_cancelled(add, delivered):
    dora = add(**WITH_PASSWORD)
    delivered()
    engine.cancel(onboarding.run_id(dora))
    TodoList.create("Chores", by=dora).add("Wash up", by=dora).complete(by=dora)
    advance(timedelta(days=3))
    assert delivered() == []
