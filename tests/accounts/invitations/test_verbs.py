"""Invitations: what they are at rest, how they are sent again, and when they are forgotten."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import invitations, mail
from accounts.leaving import purging
from accounts.models import AuditEvent, Invitation, InvitationState, InvitationUse, User
from accounts.models.invitation import digest_of
from accounts.workflows import prune_invitations
from tests.accounts.invitations.making import DORA, mailed_path
from workflows import engine
from workflows.models import Message, Run
from workflows.testing import run_until_idle

pytestmark = pytest.mark.database

# --- At rest ---------------------------------------------------------------------------------------------------------


def test_the_token_is_long_and_only_its_digest_is_stored(staff, link):
    token = link.rstrip("/").rpartition("/")[2]
    assert len(token) == 43  # 256 bits
    [row] = Invitation.objects.values()
    assert row["digest"] == digest_of(token)
    assert token not in str(row)
    assert token not in str(list(AuditEvent.objects.values()))
    assert invitations.make_link(by=staff).link.rstrip("/").rpartition("/")[2] != token


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_uses": 0, "uses_left": 0},
        {"max_uses": 101, "uses_left": 101},
        {"uses_left": 2},
        {"email": "Dora@example.com"},
        {"email": "dora@example.com", "max_uses": 2},
        {"expires_at": timezone.now() - timedelta(days=1)},
    ],
)
def test_the_database_refuses_nonsense(staff, wrong):
    values = {"digest": "x", "made_by": staff, "uses_left": 1, "expires_at": timezone.now() + timedelta(days=1)}
    with pytest.raises(IntegrityError), transaction.atomic():
        Invitation.objects.create(**values | wrong)


def test_each_state_is_found_by_its_name(staff, make_user):
    banned = make_user("Olga", is_staff=True)
    rows = {state: invitations.make_link(by=staff) for state in InvitationState}
    invitations.revoke(rows["revoked"], by=staff)
    invitations.accept_as_new(rows["used_up"], **DORA)
    past = timezone.now() - timedelta(days=1)
    Invitation.objects.filter(pk=rows["expired"].pk).update(made_at=past - timedelta(days=1), expires_at=past)
    Invitation.objects.filter(pk=rows["lapsed"].pk).update(made_by=banned)
    banned.ban()
    for state in InvitationState:
        [found] = Invitation.objects.in_state(state)
        assert found.pk == rows[state].pk
        assert found.state == state


# --- Sent again ------------------------------------------------------------------------------------------------------


def test_sent_again_the_old_link_stops_working(alice, client, delivered):
    invitation = invitations.invite("dora@example.com", by=alice, lasts=timedelta(days=1))
    old = mailed_path(delivered)
    assert invitations.renew(invitation, by=alice)
    new = mailed_path(delivered)
    assert client.get(old).status_code == 404
    assert client.get(new).status_code == 200
    assert invitation.link == ""
    assert Invitation.objects.get().expires_at > timezone.now() + timedelta(days=6)


def test_sending_again_reopens_what_expired_but_not_what_is_over(alice, client, delivered):
    invitation = invitations.invite("dora@example.com", by=alice)
    past = timezone.now() - timedelta(days=1)
    Invitation.objects.update(made_at=past - timedelta(days=7), expires_at=past)
    assert invitations.renew(invitation, by=alice)
    client.post(mailed_path(delivered), DORA)
    assert not invitations.renew(invitation, by=alice)
    revoked = invitations.make_link(by=alice)
    invitations.revoke(revoked, by=alice)
    assert not invitations.renew(revoked, by=alice)


def test_making_joins_the_transaction_of_its_caller(alice):
    with transaction.atomic():
        invitations.invite("dora@example.com", by=alice)
        transaction.set_rollback(True)
    assert not Invitation.objects.exists()
    assert not Message.objects.filter(queue=mail.QUEUE).exists()


# --- The end ---------------------------------------------------------------------------------------------------------


def test_what_is_over_is_pruned_after_ninety_days(staff):
    long_ago = timezone.now() - timedelta(days=91)
    rows = {
        name: invitations.make_link(by=staff) for name in ("open", "expired", "revoked", "used", "fresh", "just used")
    }
    made = {"made_at": long_ago - timedelta(days=1)}
    Invitation.objects.filter(pk=rows["expired"].pk).update(**made, expires_at=long_ago)
    Invitation.objects.filter(pk=rows["revoked"].pk).update(revoked_at=long_ago)
    Invitation.objects.filter(pk=rows["fresh"].pk).update(**made, expires_at=timezone.now() - timedelta(days=89))
    for name in ("used", "just used"):
        invitations.accept_as_new(rows[name], **DORA | {"email": f"{name.replace(' ', '-')}@example.com"})
    InvitationUse.objects.filter(invitation=rows["used"]).update(used_at=long_ago)
    engine.start(prune_invitations, {}, id="prune")
    run_until_idle()
    assert Run.objects.get(pk="prune").output == "3"
    assert set(Invitation.objects.all()) == {rows["open"], rows["fresh"], rows["just used"]}


def test_a_person_with_invitations_can_be_deleted(alice, staff, bob):
    invitation = invitations.make_link(by=alice, uses=2)
    used = invitations.accept_as_new(invitation, **DORA).person
    invitations.revoke(invitation, by=bob)
    for person in (used, alice, bob):
        person.delete()
    invitation.refresh_from_db()
    assert (invitation.made_by, invitation.revoked_by, invitation.uses.get().person) == (None, None, None)
    assert str(invitation.uses.get()) == "someone who has left"


def test_a_purged_person_is_named_by_no_invitation(alice, staff, second, delivered):
    invitations.accept_as_new(invitations.invite("dora@example.com", by=alice), **DORA)
    others = invitations.invite("eve@example.com", by=User.objects.get(email="dora@example.com"))
    purging.ask(others.made_by, by=staff, reason="left").decide(approve=True, by=second)
    delivered()
    assert not User.objects.filter(email="dora@example.com").exists()
    assert list(Invitation.objects.values_list("email", "made_by")) == [("eve@example.com", None)]
