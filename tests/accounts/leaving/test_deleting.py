"""Deleting one's own account."""

from datetime import timedelta

import pytest

from accounts.leaving import deleting
from accounts.models import AuditEvent, User
from accounts.sessions.fresh import FRESH_KEY
from project.lib.refusals import Refused
from tests.at_once import at_once
from todos.models import Membership, Role, Todo, TodoList
from workflows import engine
from workflows.models import Run, Step
from workflows.testing import advance, crash_at, run_until_idle

DELETE, CANCEL, SETTINGS = "/accounts/delete/", "/accounts/delete/cancel/", "/accounts/settings/"
DAY = timedelta(days=1)


@pytest.fixture
def own(alice) -> TodoList:
    own = TodoList.create("Alice's secrets", by=alice)
    own.add("Hide the key", by=alice)
    return own


def field(flat) -> str:
    return f"todos-{flat.pk}"


def roles(todo_list) -> dict[str, str]:
    return dict(Membership.objects.filter(list=todo_list).values_list("user__name", "role"))


def subjects(mails) -> list[tuple[str, str]]:
    return [(mail.to[0].partition("@")[0], mail.subject) for mail in mails]


def test_an_account_is_deleted_after_14_days(sign_in, staff, alice, bob, flat, tiles, own, delivered):
    client, email = sign_in(alice), alice.email
    page = client.get(DELETE).content.decode()
    assert "New owner of “Flat renovation”" in page
    page = client.post(DELETE, {field(flat): bob.pk}, follow=True).content.decode()
    assert "Your account will be deleted on" in page
    assert client.get("/lists/").status_code == 200  # access stays meanwhile
    assert subjects(delivered()) == [("alice", "Your account will be deleted")]
    advance(12 * DAY - timedelta(minutes=1))
    assert len(delivered()) == 1
    advance(timedelta(minutes=1))
    assert subjects(delivered())[1:] == [("alice", "Your account is about to be deleted")]
    assert User.objects.filter(email=email).exists()
    advance(2 * DAY)
    mails = delivered()
    assert subjects(mails)[2:] == [("alice", "Your account has been deleted")]
    assert not User.objects.filter(email=email).exists()
    assert not TodoList.objects.filter(pk=own.pk).exists()
    assert roles(flat) == {"Bob": "owner", "Carol": "reader"}
    assert Todo.objects.get(pk=tiles.pk).created_by is None
    assert client.get("/lists/").status_code == 302
    assert not AuditEvent.objects.filter(person=alice.pk).exists()
    run = Run.objects.get(workflow="delete account")
    assert (run.status, run.output) == ("succeeded", '"deleted"')
    results = Step.objects.filter(run=run).values_list("result", flat=True)
    assert "alice" not in str([run.input, run.output, *results]).lower()


def test_who_changes_their_mind_stays(sign_in, alice, flat, own, delivered):
    client = sign_in(alice)
    client.post(DELETE)
    run_until_idle()
    assert "Keep my account" in client.get("/lists/").content.decode()
    response = client.post(CANCEL, {"next": "/lists/"})
    assert response.url == "/lists/"
    assert "Keep my account" not in client.get("/lists/").content.decode()
    count = len(delivered())
    advance(20 * DAY)
    assert len(delivered()) == count
    alice.refresh_from_db()
    assert (alice.deletion_at, alice.is_active) == (None, True)
    assert roles(flat)["Alice"] == "owner"
    assert Run.objects.get(workflow="delete account").output == '"cancelled"'
    kinds = AuditEvent.objects.filter(person=alice, kind__startswith="deletion").order_by("pk")
    assert list(kinds.values_list("kind", flat=True)) == ["deletion_asked", "deletion_cancelled"]
    assert client.post(CANCEL, {"next": "//evil.example/"}).url == SETTINGS  # nothing left to cancel


def test_an_operator_who_ends_the_run_keeps_the_account_and_the_person_is_told(alice, staff, delivered):
    deleting.ask(alice, heirs=[])
    run_until_idle()
    engine.cancel(Run.objects.get(workflow="delete account").pk, by=staff)
    engine.start("stop deletions", {})
    run_until_idle()
    assert_stopped(alice, delivered)


def test_an_event_of_an_operator_keeps_the_account_too(alice, staff, delivered):
    deleting.ask(alice, heirs=[])
    run_until_idle()
    engine.send_event(Run.objects.get(workflow="delete account").pk, deleting.CANCELLED, by=staff)
    run_until_idle()
    assert_stopped(alice, delivered)


def assert_stopped(alice, delivered):
    alice.refresh_from_db()
    assert alice.deletion_at is None
    assert subjects(delivered())[-1] == ("alice", "Your account was not deleted after all")
    event = AuditEvent.objects.filter(person=alice, kind="deletion_cancelled").get()
    assert event.actor is None
    advance(20 * DAY)
    run_until_idle()
    assert User.objects.filter(pk=alice.pk, is_active=True).exists()


def test_who_is_banned_meanwhile_is_deleted_without_a_mail(alice, delivered):
    deleting.ask(alice, heirs=[])
    run_until_idle()
    alice.ban()
    count = len(delivered())
    for days in (12, 2):
        advance(days * DAY)
        run_until_idle()
    assert not User.objects.filter(pk=alice.pk).exists()
    assert len(delivered()) == count


def test_cancelled_one_may_ask_again(alice):
    assert deleting.ask(alice, heirs=[])
    assert not deleting.ask(alice, heirs=[])
    assert deleting.cancel(alice)
    assert not deleting.cancel(alice)
    assert deleting.ask(alice, heirs=[])
    for days in (12, 2):
        run_until_idle()
        advance(days * DAY)
    run_until_idle()
    assert sorted(Run.objects.filter(workflow="delete account").values_list("output", flat=True)) == [
        '"cancelled"',
        '"deleted"',
    ]
    assert not User.objects.filter(pk=alice.pk).exists()


def test_without_an_heir_the_operators_are_told_first(sign_in, staff, alice, flat, delivered):
    sign_in(alice).post(DELETE)
    told = [mail for mail in delivered() if mail.to == [staff.email]]
    assert [mail.subject for mail in told] == ["Alice is leaving: some lists need a new owner"]
    assert f"Flat renovation: http://localhost:8000/admin/todos/todolist/{flat.pk}/change/" in told[0].body
    advance(12 * DAY)
    assert len([mail for mail in delivered() if mail.to == [staff.email]]) == 2
    advance(2 * DAY)
    delivered()
    assert roles(flat) == {"Bob": "editor", "Carol": "reader"}
    assert list(TodoList.objects.without_owner()) == [flat]


def test_an_heir_who_has_left_gets_nothing(alice, bob, flat):
    deleting.ask(alice, heirs=[["todos", flat.pk, bob.pk]])
    flat.memberships.get(user=bob).remove(by=bob)
    for days in (12, 2):
        run_until_idle()
        advance(days * DAY)
    run_until_idle()
    assert roles(flat) == {"Carol": "reader"}


def test_a_list_with_another_owner_needs_no_heir(sign_in, alice, bob, flat, own):
    flat.memberships.get(user=bob).change_role(Role.OWNER, by=alice)
    assert deleting.shared(alice) == []
    assert "New owner" not in sign_in(alice).get(DELETE).content.decode()


@pytest.mark.parametrize("who", ["mallory", "alice", "nobody", "nonsense"])
def test_an_heir_is_a_member(sign_in, alice, mallory, flat, who):
    heir = {"mallory": mallory.pk, "alice": alice.pk, "nobody": 10**30, "nonsense": "\0"}[who]
    assert sign_in(alice).post(DELETE, {field(flat): heir}).status_code == 422
    alice.refresh_from_db()
    assert alice.deletion_at is None


def test_banned_members_are_no_heirs(alice, bob, carol, flat):
    bob.ban()
    [thing] = deleting.shared(alice)
    assert thing.heirs == [carol]


def test_the_last_superuser_stays(sign_in, staff, second):
    assert sign_in(staff).post(DELETE).status_code == 302
    deleting.cancel(staff)
    second.ban()
    response = sign_in(staff).post(DELETE)
    assert response.status_code == 422
    assert "last superuser" in response.content.decode()
    with pytest.raises(Refused):
        deleting.ask(staff, heirs=[])


def test_who_became_the_last_superuser_meanwhile_stays_and_is_told(staff, second, delivered):
    deleting.ask(staff, heirs=[])
    delivered()
    second.ban()
    for days in (12, 2):
        advance(days * DAY)
        mails = delivered()
    assert subjects(mails)[-1] == ("sten", "Your account was not deleted")
    staff.refresh_from_db()
    assert (staff.deletion_at, staff.is_active) == (None, True)


def test_it_needs_a_fresh_session_but_keeping_the_account_does_not(client, sign_in, alice):
    assert client.get(DELETE).url.startswith("/accounts/login/")
    assert client.post(CANCEL).url.startswith("/accounts/login/")
    deleting.ask(alice, heirs=[])
    stale = sign_in(alice)
    session = stale.session
    session[FRESH_KEY] = 0
    session.save()
    assert stale.post(DELETE).url.startswith("/accounts/reauthenticate/")
    assert stale.get(CANCEL).status_code == 405
    assert stale.post(CANCEL).url == SETTINGS
    alice.refresh_from_db()
    assert alice.deletion_at is None


@pytest.mark.slow
@pytest.mark.parametrize(
    ("point", "at"),
    [
        *(("step.code.after", passage) for passage in (1, 2, 3, 5)),
        *(("steps.succeed.after", passage) for passage in (1, 2, 3, 5)),
        ("steps.succeed.before", 4),
    ],
)
def test_a_crash_on_the_way_loses_and_doubles_nothing(alice, bob, flat, own, delivered, point, at):
    deleting.ask(alice, heirs=[["todos", flat.pk, bob.pk]])
    with crash_at(point, at=at):
        for days in (12, 2, 0):
            run_until_idle()
            advance(days * DAY)
    for days in (12, 2, 0):
        advance(timedelta(seconds=10))
        run_until_idle()
        advance(days * DAY)
    assert not User.objects.filter(name="Alice").exists()
    assert list(TodoList.objects.all()) == [flat]
    assert roles(flat) == {"Bob": "owner", "Carol": "reader"}
    assert sum(subject == "Your account has been deleted" for _to, subject in subjects(delivered())) == 1
    assert Run.objects.get(workflow="delete account").status == "succeeded"


@pytest.mark.django_db(transaction=True)
def test_who_asks_twice_at_once_is_deleted_once(alice, make_user):
    twice = [User.objects.get(pk=alice.pk) for _ in range(2)]
    results = at_once(*(lambda person=person: deleting.ask(person, heirs=[]) for person in twice))
    assert sorted(results) == [False, True]
    assert Run.objects.count() == 1


def test_the_page_takes_the_same_queries_for_any_number(sign_in, alice, bob, carol, django_assert_max_num_queries):
    client = sign_in(alice)
    for number in range(5):
        shared = TodoList.create(f"List {number}", by=alice)
        for person in (bob, carol):
            shared.add_member(person, role=Role.EDITOR, by=alice, tell=False)
    with django_assert_max_num_queries(6):
        client.get(DELETE)
