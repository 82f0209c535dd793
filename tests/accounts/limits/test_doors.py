"""Every other door has its limit: passkeys, invitations, addresses, one's own data."""

import pytest
from django.test import Client

from accounts.invitations import make_link
from tests.conftest import PASSWORD
from todos.people.grants import place_in

pytestmark = [pytest.mark.cache, pytest.mark.usefixtures("clock")]


def statuses(client: Client, address: str, fields: dict, *, tries: int) -> list[int]:
    return [client.post(address, fields).status_code for _ in range(tries)]


@pytest.mark.parametrize(
    ("address", "rule"),
    [
        ("/accounts/factors/passkeys/login/", "passkey"),
        ("/accounts/address/", "new_address"),
        ("/accounts/export/", "own_data"),
        ("/accounts/delete/", "own_data"),
        ("/accounts/password/change/", "password_change"),
    ],
)
def test_the_next_try_after_the_last_is_refused(settings, sign_in, alice, address, rule):
    by = [kind for _rate, kind in settings.RATE_LIMITS[rule]]
    settings.RATE_LIMITS = settings.RATE_LIMITS | {rule: [("1/1h", by[-1])]}
    client = Client() if rule == "passkey" else sign_in(alice)
    first, second = statuses(client, address, {}, tries=2)
    assert first < 429
    assert second == 429


def test_invitations_cannot_be_guessed_on_and_on(client, settings, alice, flat):
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"invitation": [("2/1h", "actor")]}
    assert statuses(client, "/accounts/invitations/guessed/", {}, tries=3) == [404, 404, 429]


def test_a_room_of_people_behind_one_address_can_come_in(settings, alice):
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"invitation": [("2/1h", "actor")]}
    path = make_link(by=alice, uses=5).link.partition(":8000")[2]
    for number in range(4):
        fields = {"name": "Dora", "email": f"dora{number}@example.com", "password": PASSWORD}
        assert Client().post(path, fields).status_code == 302


def test_nobody_is_flooded_with_mail_by_an_invitation(alice, bob, delivered):
    path = make_link(by=alice).link.partition(":8000")[2]
    fields = {"name": "Mallory", "email": bob.email, "password": PASSWORD}
    answers = [Client(REMOTE_ADDR=f"192.0.2.{number}").post(path, fields).status_code for number in range(7)]
    assert answers == [302] * 5 + [429] * 2
    assert len([mail for mail in delivered() if mail.to == [bob.email]]) == 5


def test_owners_make_so_many_invitations(settings, sign_in, alice, flat):
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"add_member": [("2/1h", "actor")]}
    made = make_link(by=alice, grant=place_in(flat, role="editor"))
    tried = statuses(sign_in(alice), f"/lists/{flat.pk}/invitations/{made.pk}/renew/", {}, tries=3)
    assert tried[2] == 429
