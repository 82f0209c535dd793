"""Purging a person in the operator console: who may ask and decide, and what is refused."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone

from accounts.leaving import purging
from accounts.models import PurgeRequest, User
from project.lib.refusals import Refused
from tests.accounts.leaving.purges import REASON, REQUESTS, ask, decide, state
from tests.accounts.people import PEOPLE
from todos.models import Activity
from workflows import engine
from workflows.testing import run_until_idle


@pytest.fixture
def purger(make_user):
    """Staff who may purge, and are no superuser."""
    user = make_user("Petra", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["purge_person", "view_user"]))
    return user


@pytest.fixture
def onlooker(make_user):
    user = make_user("Lou", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["view_purgerequest", "view_user"]))
    return user


def test_requests_that_wait_are_counted_on_the_front_page(
    alice, bob, purger, onlooker, staff, second, make_user, sign_in
):
    people = [staff, second, purger, onlooker]
    assert not any("for approval" in front_page(sign_in(person)) for person in people)
    request = ask(bob, staff)
    assert all("1 purge request is waiting for approval" in front_page(sign_in(person)) for person in people)
    assert "purge request" not in front_page(sign_in(make_user("Sam", is_staff=True)))
    assert f'href="{REQUESTS}?status__exact=waiting"' in front_page(sign_in(second))
    ask(alice, staff)
    assert "2 purge requests are waiting for approval" in front_page(sign_in(second))
    PurgeRequest.objects.filter(pk=request.pk).update(expires_at=timezone.now())
    assert "1 purge request is waiting for approval" in front_page(sign_in(second))
    PurgeRequest.objects.exclude(pk=request.pk).get().decide(approve=False, by=second)
    assert "for approval" not in front_page(sign_in(second))


def front_page(client) -> str:
    response = client.get("/admin/")
    assert response.status_code == 200
    return response.text


def test_who_asked_cannot_approve_but_take_it_back(bob, staff, second, sign_in, delivered):
    request = ask(bob, staff)
    page = decide(sign_in(staff), request, "approve", follow=True).content.decode()
    assert "Someone else has to approve your request." in page
    assert state(request)[0] == "waiting"
    decide(sign_in(staff), request, "refuse")
    run_until_idle()
    assert state(request) == ("refused", "succeeded")


def test_nobody_decides_about_themselves(staff, second, make_user, sign_in):
    third = make_user("Tess", is_staff=True, is_superuser=True)
    with pytest.raises(Refused, match="can't purge yourself"):
        purging.ask(staff, by=staff, reason="x")
    request = purging.ask(second, by=staff, reason="x")
    assert "Approve" not in sign_in(second).get(f"{REQUESTS}{request.pk}/change/").content.decode()
    assert (
        "can&#x27;t decide about yourself" in decide(sign_in(second), request, "approve", follow=True).content.decode()
    )
    decide(sign_in(third), request, "approve")
    run_until_idle()
    assert set(User.objects.all()) == {staff, third}


def test_a_decision_counts_once_and_in_time(bob, staff, second, make_user, sign_in):
    request = ask(bob, staff)
    PurgeRequest.objects.update(expires_at=timezone.now())
    assert "request has expired" in decide(sign_in(second), request, "approve", follow=True).content.decode()
    PurgeRequest.objects.update(expires_at=timezone.now() + timedelta(hours=1))
    decide(sign_in(second), request, "refuse")
    assert "already been decided" in decide(sign_in(second), request, "approve", follow=True).content.decode()
    assert state(request)[0] == "refused"


@pytest.mark.parametrize("who", ["alice", "onlooker", "helpdesk"])
def test_who_may_not_purge_can_neither_ask_nor_decide(who, alice, onlooker, bob, staff, make_user, sign_in):
    helpdesk = make_user("Hilda", is_staff=True)
    helpdesk.user_permissions.set(Permission.objects.filter(codename__in=["view_user", "change_user", "delete_user"]))
    client = sign_in({"alice": alice, "onlooker": onlooker, "helpdesk": helpdesk}[who])
    request = ask(bob, staff)
    refused = 302 if who == "alice" else 403  # the front door sends members away
    for response in (
        client.get(f"{PEOPLE}{bob.pk}/purge/"),
        client.post(f"{PEOPLE}{bob.pk}/purge/", REASON),
        decide(client, request, "approve"),
        decide(client, request, "refuse"),
    ):
        assert response.status_code == refused
    assert state(request)[0] == "waiting"
    assert PurgeRequest.objects.count() == 1
    if who == "onlooker":
        assert client.get(REQUESTS).status_code == 200
        assert "Approve" not in client.get(f"{REQUESTS}{request.pk}/change/").content.decode()
        assert "/purge/" not in client.get(f"{PEOPLE}{bob.pk}/change/").content.decode()


def test_staff_with_the_permission_purge_members_and_no_staff(purger, bob, staff, second, sign_in):
    client = sign_in(purger)
    assert client.post(f"{PEOPLE}{bob.pk}/purge/", REASON).status_code == 302
    assert client.post(f"{PEOPLE}{second.pk}/purge/", REASON).status_code == 403
    request = purging.ask(second, by=staff, reason="x")
    assert decide(client, request, "approve").status_code == 403


def test_addresses_take_only_what_they_understand(bob, staff, second, sign_in):
    request, client = ask(bob, staff), sign_in(second)
    assert client.get(f"{REQUESTS}{request.pk}/decide/").status_code == 405
    assert client.post(f"{REQUESTS}999/decide/", {"approve": "yes"}).status_code == 404
    assert client.post(f"{PEOPLE}999/purge/", REASON).status_code == 404
    assert "No decision was given" in decide(client, request, "nonsense", follow=True).content.decode()
    both = client.post(f"{REQUESTS}{request.pk}/decide/", {"approve": "yes", "refuse": "yes"}, follow=True)
    assert "No decision was given" in both.content.decode()
    for bad in ({}, {"reason": ""}, {"reason": "x" * 501}, {"reason": "a\x07b"}):
        assert client.post(f"{PEOPLE}{second.pk}/purge/", bad).status_code == 422
    assert client.post(f"{REQUESTS}add/", REASON).status_code == 403
    assert client.post(f"{REQUESTS}{request.pk}/change/", {"status": "approved"}).status_code == 403
    assert client.post(f"{REQUESTS}{request.pk}/delete/", {"post": "yes"}).status_code == 403
    assert state(request)[0] == "waiting"


def test_a_second_request_for_the_same_person_is_refused(bob, staff, second, sign_in):
    request = ask(bob, staff)
    page = sign_in(second).post(f"{PEOPLE}{bob.pk}/purge/", REASON)
    assert page.status_code == 422
    assert "There is already a request" in page.content.decode()
    engine.cancel(request.run_id)
    assert "Make a new request" in decide(sign_in(second), request, "approve", follow=True).content.decode()
    PurgeRequest.objects.update(expires_at=timezone.now())
    assert ask(bob, staff).pk != request.pk


def test_the_only_owner_of_a_shared_list_stays(flat, tiles, alice, bob, staff, second, sign_in, delivered):
    page = sign_in(staff).post(f"{PEOPLE}{alice.pk}/purge/", REASON)
    assert page.status_code == 422
    assert "“Flat renovation” has other members but no other owner." in page.content.decode()
    assert not PurgeRequest.objects.exists()
    assert flat.memberships.count() == 3
    assert not Activity.objects.filter(verb="member_left").exists()


def test_the_last_operator_stays(staff, purger, make_user):
    with pytest.raises(Refused, match="last superuser"):
        purging.ask(staff, by=purger, reason="x")
