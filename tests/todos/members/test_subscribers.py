"""“Shared with you”: the mail to a new member, which a worker writes after the list was shared."""

from datetime import timedelta

import pytest
from django.db import transaction

from accounts import invitations
from todos.models import Role, TodoList
from todos.people.grants import place_in
from workflows.models import Message
from workflows.testing import advance, crash_at, run_until_idle

pytestmark = [pytest.mark.database, pytest.mark.django_db]


@pytest.fixture
def mails(mailoutbox):
    """Return a function that does what is due and returns all mails so far, as whom they go to."""

    def delivered() -> list[list[str]]:
        run_until_idle()
        return [mail.to for mail in mailoutbox]

    return delivered


def test_a_new_member_is_told(flat, alice, mallory, mails, mailoutbox, settings):
    flat.rename("Tom & O'Brien", by=alice)
    assert flat.add_member(mallory, role=Role.READER, by=alice)
    assert mails() == [[mallory.email]]
    [mail] = mailoutbox
    assert mail.subject == "Alice shared “Tom & O'Brien” with you"
    assert "Alice added you to the list “Tom & O'Brien”. Your role: Reader." in mail.body
    assert f"{settings.PUBLIC_URL}/lists/{flat.pk}/" in mail.body


def test_the_mail_says_what_role_was_given(flat, alice, mallory, mails, mailoutbox):
    flat.add_member(mallory, role=Role.READER, by=alice)
    flat.memberships.get(user=mallory).change_role(Role.OWNER, by=alice)
    mails()
    assert "Your role: Reader." in mailoutbox[0].body


def test_who_is_in_it_already_is_not_told_again(flat, alice, bob, mails):
    assert not flat.add_member(bob, role=Role.OWNER, by=alice)
    assert mails() == []


def test_who_is_not_to_be_told_is_not_even_in_the_transaction_of_others(flat, alice, mallory, make_user, mails):
    with transaction.atomic():
        flat.add_member(mallory, role=Role.READER, by=alice)
        flat.add_member(make_user("Nora"), role=Role.READER, by=alice, tell=False)
    assert mails() == [[mallory.email]]


def test_where_nobody_is_to_be_told_there_is_no_message(flat, alice, mallory):
    flat.add_member(mallory, role=Role.READER, by=alice, tell=False)
    assert not Message.objects.filter(queue="changes.added-to-list").exists()


def test_who_accepts_an_invitation_knows(flat, alice, mallory, mails):
    invitation = invitations.make_link(by=alice, grant=place_in(flat, role=Role.READER))
    invitations.accept_as_member(invitation, person=mallory)
    assert flat.memberships.filter(user=mallory).exists()
    assert mails() == []


def test_who_wants_no_such_mail_gets_none(flat, alice, mallory, mails):
    mallory.change_settings(unwanted_mails=["added_to_list"])
    flat.add_member(mallory, role=Role.READER, by=alice)
    assert mails() == []


@pytest.mark.parametrize("meanwhile", ["left", "trashed", "deleted", "banned", "list deleted"])
def test_who_cannot_open_it_any_more_is_not_told(flat, alice, mallory, mails, meanwhile):
    flat.add_member(mallory, role=Role.READER, by=alice)
    {
        "left": lambda: flat.memberships.get(user=mallory).remove(by=mallory),
        "trashed": lambda: flat.trash(by=alice),
        "deleted": mallory.delete,
        "banned": mallory.ban,
        "list deleted": lambda: TodoList.objects.filter(pk=flat.pk).delete(),
    }[meanwhile]()
    assert mails() == []
    assert not Message.objects.filter(acknowledged_at=None).exists()


def test_who_shared_it_may_be_gone(flat, alice, bob, mallory, mails, mailoutbox):
    flat.memberships.get(user=bob).change_role(Role.OWNER, by=alice)
    flat.add_member(mallory, role=Role.READER, by=alice)
    alice.delete()
    assert mails() == [[mallory.email]]
    assert mailoutbox[0].subject == "Someone shared “Flat renovation” with you"


@pytest.mark.parametrize("point", ["messages.send.before", "messages.send.after", "messages.acknowledge.before"])
def test_a_worker_that_dies_tells_once(flat, alice, mallory, mails, point):
    flat.add_member(mallory, role=Role.READER, by=alice)
    with crash_at(point):
        run_until_idle()
    advance(timedelta(seconds=10))
    assert mails() == [[mallory.email]]
