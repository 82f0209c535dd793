"""Purging a person: what is carried out once two operators agree, and what is not."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.db import transaction

from accounts import mail
from accounts.models import PurgeRequest, Session, User
from project.lib.refusals import Refused
from tests.accounts.leaving.purges import REASON, REQUESTS, ask, decide, state
from tests.accounts.people import PEOPLE, change
from todos.models import Activity, Membership, Role, Todo, TodoList
from workflows import engine
from workflows.models import Message, Run, Step
from workflows.testing import POINTS, advance, crash_at, run_until_idle


@pytest.fixture
def bobs_things(flat, tiles, bob, alice) -> TodoList:
    """Bob works in Alice's list and has one of his own."""
    own = TodoList.create("Bob's secrets", by=bob)
    own.add("Hide the key", by=bob).complete(by=bob)
    tiles.complete(by=bob)
    flat.add("Paint", by=bob).trash(by=bob)
    return own


def assert_bob_is_gone(bob_pk: int) -> None:
    assert not User.objects.filter(email="bob@example.com").exists()
    assert [row.name for row in TodoList.objects.all()] == ["Flat renovation"]
    names = ("text", "created_by__name", "completed_by__name", "trashed_by__name")
    assert sorted(map(list, Todo.objects.values_list(*names))) == [
        ["Order tiles", "Alice", None, None],
        ["Paint", None, None, None],
    ]
    assert not Activity.objects.filter(actor=bob_pk).exists()
    assert not any("Bob" in str(row.changes) for row in Activity.objects.all())
    assert sorted(Membership.objects.values_list("user__name", flat=True)) == ["Alice", "Carol"]
    assert Activity.objects.filter(verb="member_left").count() == 1


def test_two_operators_purge_a_person(bobs_things, bob, alice, staff, second, sign_in, delivered):
    session = sign_in(bob)
    page = sign_in(staff).get(f"{PEOPLE}{bob.pk}/change/").content.decode()
    assert f"{PEOPLE}{bob.pk}/purge/" in page
    page = sign_in(staff).post(f"{PEOPLE}{bob.pk}/purge/", REASON, follow=True).content.decode()
    assert "Another operator has 24 hours to approve it." in page
    assert "Someone else has to approve your request" in page
    request = PurgeRequest.objects.get()
    delivered().clear()
    assert state(request) == ("waiting", "waiting")
    assert session.get("/lists/").status_code == 200  # nothing has happened yet
    assert "Approve the purge" in sign_in(second).get(f"{REQUESTS}{request.pk}/change/").content.decode()
    page = decide(sign_in(second), request, "approve", follow=True).content.decode()
    assert "Approved. The purge has started." in page
    mails = delivered()
    assert state(request) == ("purged", "succeeded")
    assert_bob_is_gone(bob.pk)
    assert session.get("/lists/").status_code == 302
    assert sorted(mail.to[0] for mail in mails) == ["olga@example.com", "sten@example.com"]
    assert mails[0].subject == f"Purge of person {bob.pk}: done"
    assert "Olga approved it." in mails[0].body
    assert f"/admin/accounts/purgerequest/{request.pk}/change/" in mails[0].body
    page = sign_in(alice).get(f"/todos/{Todo.objects.get(text='Order tiles').pk}/").content.decode()
    assert "A former member" in page
    for text in (page, sign_in(second).get(f"{REQUESTS}{request.pk}/change/").content.decode()):
        assert "Bob" not in text
        assert "bob@example.com" not in text


def test_the_other_operators_are_told_that_somebody_asked(bob, staff, second, make_user, delivered):
    third = make_user("Tess", is_staff=True, is_superuser=True)
    make_user("Ina", is_staff=True, is_superuser=True, is_active=False)
    make_user("Sam", is_staff=True)
    make_user("Ben", is_staff=True, is_superuser=True).ban()
    request = ask(bob, staff)
    mails = delivered()
    assert sorted(mail.to for mail in mails) == [[second.email], [third.email]]
    assert mails[0].subject == f"Purge of person {bob.pk}: waiting for approval"
    text = " ".join(mails[0].body.split())
    assert f"Sten has asked to purge person {bob.pk} and all their data (reason: left the company)." in text
    assert f"/admin/accounts/purgerequest/{request.pk}/change/" in text
    assert "bob" not in text.lower()


def test_nobody_is_told_of_a_request_that_is_not_made(bob, staff, second):
    with transaction.atomic():
        ask(bob, staff)
        transaction.set_rollback(True)
    assert not Message.objects.exists()
    ask(bob, staff)
    with pytest.raises(Refused, match="There is already a request"):
        ask(bob, second)
    assert Message.objects.count() == 1


def test_nothing_of_the_person_is_left_in_the_run(bobs_things, bob, staff, second, delivered):
    request = ask(bob, staff)
    request.decide(approve=True, by=second)
    delivered()
    run = Run.objects.get(pk=request.run_id)
    stored = [run.input, run.output, *Step.objects.filter(run=run).values_list("result", flat=True)]
    assert "bob" not in str(stored).lower()
    assert PurgeRequest.objects.get().person is None


def test_every_trace_in_other_tables_is_removed(bob, staff, second, sign_in, delivered, monkeypatch):
    client = sign_in(bob)
    change(sign_in(staff), bob, name="Robert")
    monkeypatch.setattr(mail, "_send", lambda _message: 1 / 0)
    mail.send_mail("accounts/invitations/mail/welcome", to=bob, context={})
    for _ in range(mail.ATTEMPTS):
        run_until_idle()
        advance(mail.LONGEST_DELAY)
    assert Message.objects.dead().count() == 1
    monkeypatch.undo()
    request = ask(bob, staff)
    request.decide(approve=True, by=second)
    delivered()
    assert not Message.objects.dead().exists()
    assert not any(s.get_decoded().get("_auth_user_id") == str(bob.pk) for s in Session.objects.all())
    assert Session.objects.exists()  # those of others
    assert LogEntry.objects.get().object_repr == f"Person {bob.pk}"
    assert client.get("/lists/").status_code == 302


def test_without_a_decision_nothing_happens(bobs_things, bob, staff, delivered):
    request = ask(bob, staff)
    delivered()
    advance(timedelta(hours=24) - timedelta(minutes=1))
    assert delivered() == []
    advance(timedelta(minutes=2))
    [told] = delivered()
    assert state(request) == ("expired", "succeeded")
    assert told.to == [staff.email]
    assert "Nobody decided in time. Nothing was deleted." in told.body
    bob.refresh_from_db()
    assert bob.is_active
    assert TodoList.objects.count() == 2


def test_refused_nothing_happens(bobs_things, bob, staff, second, sign_in, delivered):
    request = ask(bob, staff)
    delivered().clear()
    decide(sign_in(second), request, "refuse")
    assert "Olga refused it. Nothing was deleted." in delivered()[0].body
    assert len(delivered()) == 2
    assert state(request) == ("refused", "succeeded")
    bob.refresh_from_db()
    assert bob.is_active


def test_who_was_faster_than_the_clock_counts(bob, staff, second):
    """The decision falls between the end of the wait and the step that would let the request expire."""
    request = ask(bob, staff)
    run_until_idle()
    advance(timedelta(hours=24, minutes=1))
    with crash_at("steps.wait_for_event.after"):
        run_until_idle()
    request.decide(approve=True, by=second)
    advance(timedelta(seconds=10))
    run_until_idle()
    assert state(request) == ("purged", "succeeded")


def test_an_event_that_nobody_decided_changes_nothing(bob, staff):
    request = ask(bob, staff)
    run_until_idle()
    engine.send_event(request.run_id, "decided", "approve")
    run_until_idle()
    assert state(request) == ("waiting", "waiting")


def test_who_became_the_only_owner_meanwhile_stays_whole(flat, alice, bob, staff, second, delivered):
    flat.memberships.get(user=bob).change_role(Role.OWNER, by=alice)
    own = TodoList.create("Own", by=bob)
    request = ask(bob, staff)
    delivered().clear()
    flat.memberships.get(user=alice).remove(by=alice)
    request.decide(approve=True, by=second)
    told = delivered()
    assert state(request) == ("blocked", "succeeded")
    assert "no other owner" in told[0].body
    assert "Nothing was deleted." in told[0].body
    bob.refresh_from_db()
    assert bob.is_active
    assert set(Membership.objects.filter(user=bob).values_list("list", flat=True)) == {flat.pk, own.pk}


def test_who_was_deleted_meanwhile_needs_no_purge(bob, staff, second):
    request = ask(bob, staff)
    bob.delete()
    request.refresh_from_db()
    request.decide(approve=True, by=second)
    run_until_idle()
    assert state(request) == ("purged", "succeeded")


def test_a_list_shared_by_an_operator_at_the_last_moment_stays(bobs_things, bob, alice, staff, second):
    request = ask(bob, staff)
    request.decide(approve=True, by=second)
    with crash_at("steps.start.after", at=3):  # the person is shut out
        run_until_idle()
    bobs_things.add_member(alice, role=Role.READER, by=staff)
    advance(timedelta(seconds=10))
    run_until_idle()
    assert state(request) == ("purged", "succeeded")
    assert TodoList.objects.without_owner().get() == bobs_things
    assert bobs_things.todos.count() == 1


def test_the_steps_are_bounded(bobs_things, bob, staff, second, monkeypatch):
    monkeypatch.setattr("accounts.workflows.BATCH", 2)
    monkeypatch.setattr("todos.workflows.BATCH", 2)
    bob_pk, request = bob.pk, ask(bob, staff)
    request.decide(approve=True, by=second)
    run_until_idle()
    assert_bob_is_gone(bob_pk)
    assert Step.objects.filter(run=request.run_id, key__startswith="deeds").count() >= 4


def test_every_reference_to_people_is_known():
    """A new foreign key to people is emptied or deleted with them; another kind is named here, and thought of."""
    odd = {
        f"{relation.related_model.__name__}.{relation.field.name}"
        for relation in User._meta.get_fields(include_hidden=True)
        if relation.one_to_many and relation.on_delete.__name__ not in ("SET_NULL", "CASCADE")
    }
    assert odd == {"Membership.user"}


@pytest.mark.slow
@pytest.mark.parametrize("at", [1, 3, 6])
@pytest.mark.parametrize(
    "point",
    [
        "step.code.after",
        "steps.start.after",
        "steps.succeed.before",
        "steps.succeed.after",
        "steps.wait_for_event.inside",
        "runs.succeed.before",
        "messages.send.after",
        "messages.acknowledge.before",
    ],
)
def test_a_killed_worker_leaves_nothing_half_done(bobs_things, bob, staff, second, mailoutbox, point, at):
    assert point in POINTS
    bob_pk, request = bob.pk, ask(bob, staff)
    run_until_idle()
    mailoutbox.clear()
    request.decide(approve=True, by=second)
    with crash_at(point, at=at):
        run_until_idle()
    advance(timedelta(seconds=10))
    run_until_idle()
    assert state(request) == ("purged", "succeeded")
    assert_bob_is_gone(bob_pk)
    assert {sent.to[0] for sent in mailoutbox} == {staff.email, second.email}
    assert len({sent.message()["Message-ID"] for sent in mailoutbox}) == 2
