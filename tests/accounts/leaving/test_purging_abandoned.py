"""A purge whose workflow an operator ended is over: nothing is done, and somebody can ask anew."""

from datetime import timedelta

import pytest

from accounts.leaving import purging
from accounts.models import PurgeStatus, User
from todos.models import Todo, TodoList
from workflows import engine
from workflows.testing import advance, crash_at, run_until_idle


@pytest.fixture
def request_(bob, staff):
    made = purging.ask(bob, by=staff, reason="left the company")
    run_until_idle()
    return made


@pytest.fixture
def second(make_user):
    return make_user("Petra", is_staff=True, is_superuser=True)


def test_a_cancelled_one_is_over_and_can_be_asked_for_anew(request_, bob, staff, second, sign_in):
    engine.cancel(request_.run_id, by=staff)
    console = sign_in(second)
    page = console.get(f"/admin/accounts/purgerequest/{request_.pk}/change/").content.decode()
    assert "An operator ended its workflow" in page
    assert "Approve the purge" not in page
    request_.refresh_from_db()
    assert request_.status == PurgeStatus.EXPIRED
    console.post(f"/admin/accounts/purgerequest/{request_.pk}/decide/", {"approve": "yes"})
    assert User.objects.filter(pk=bob.pk).exists()
    address = f"/admin/accounts/user/{bob.pk}/purge/"
    assert "Request approval" in console.get(address).content.decode()
    assert console.post(address, {"reason": "once more"}).status_code == 302


def test_one_that_was_cancelled_after_the_approval_is_over_too(request_, bob, staff, second):
    request_.decide(approve=True, by=second)
    engine.cancel(request_.run_id, by=staff)
    made = purging.ask(bob, by=staff, reason="once more")
    request_.refresh_from_db()
    assert request_.status == PurgeStatus.BLOCKED
    assert request_.hindrance == "An operator ended its workflow. Make a new request."
    assert made.status == PurgeStatus.WAITING


def test_a_long_purge_goes_through_several_runs(request_, bob, second, monkeypatch):
    monkeypatch.setattr("todos.workflows.BATCH", 2)
    monkeypatch.setattr("todos.workflows.PARTS", 2)
    own = TodoList.create("Bob's own", by=bob)
    for number in range(9):
        own.add(f"To-do {number}", by=bob)
    request_.decide(approve=True, by=second)
    with crash_at("steps.succeed.after", at=4):
        run_until_idle()
    advance(timedelta(seconds=15))  # the lease of who crashed
    run_until_idle()
    request_.refresh_from_db()
    assert request_.status == PurgeStatus.PURGED
    assert not Todo.objects.filter(list=own.pk).exists()
