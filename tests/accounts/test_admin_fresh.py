"""In the console, who bans, deletes or purges people has shown in the last five minutes who they are."""

import pytest

from accounts.models import User
from tests.accounts.people import PEOPLE

ASK = "/accounts/reauthenticate/"


@pytest.fixture
def stale(staff, sign_in):
    """A client of an operator whose sign-in is an hour ago."""
    client = sign_in(staff)
    session = client.session
    session["fresh_at"] = session["fresh_at"] - 3600
    session.save()
    return client


@pytest.mark.parametrize("what", ["ban", "delete", "purge"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_pages_that_shut_people_out_ask_first(stale, bob, what, method):
    response = getattr(stale, method)(f"{PEOPLE}{bob.pk}/{what}/", {"post": "yes", "reason": "Sample"})
    assert response.status_code == 302
    assert response.url.startswith(ASK)
    bob.refresh_from_db()
    assert not bob.is_banned()


def test_deleting_a_selection_asks_first(stale, bob):
    fields = {"action": "delete_selected", "_selected_action": [bob.pk], "post": "yes"}
    assert stale.post(PEOPLE, fields).url.startswith(ASK)
    assert User.objects.filter(pk=bob.pk).exists()
    assert stale.get(PEOPLE).status_code == 200
