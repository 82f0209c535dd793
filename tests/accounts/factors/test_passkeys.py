"""Passkeys: renamed and removed by their owner, refused when odd, and where they work at all."""

import json

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client

from accounts.factors.adapter import FactorAdapter, passkeys_work_at
from tests.accounts.factors.codes import AUTHENTICATE, FACTORS, LOGIN, is_in, with_password
from tests.passkeys import make_passkey

pytestmark = pytest.mark.usefixtures("still_clock")


@pytest.fixture
def passkey(bob) -> Authenticator:
    return make_passkey(bob, name="Bob's key")


@pytest.mark.parametrize("verb", ["rename", "remove"])
def test_passkeys_of_others_are_not_there(sign_in, alice, bob, passkey, verb):
    url = f"{FACTORS}passkeys/{passkey.pk}/{verb}/"
    client = sign_in(alice)
    assert client.get(url).status_code == client.post(url, {"name": "x"}).status_code == 404
    assert sign_in(bob).get(url).status_code == 200


def test_a_passkey_is_renamed_and_removed(sign_in, bob, passkey):
    client = sign_in(bob)
    assert client.post(f"{FACTORS}passkeys/{passkey.pk}/rename/", {"name": "x" * 101}).status_code == 200
    assert client.post(f"{FACTORS}passkeys/{passkey.pk}/rename/", {"name": "Phone"}).url == FACTORS
    assert "Phone" in client.get(FACTORS).text
    assert client.post(f"{FACTORS}passkeys/{passkey.pk}/remove/").url == FACTORS
    assert not Authenticator.objects.exists()


SIGNED = {
    "id": "AA",
    "rawId": "AA",
    "type": "public-key",
    "response": {"clientDataJSON": "e30", "authenticatorData": "AA", "signature": "AA", "userHandle": "MQ"},
}
ODD = [
    *("", "x", "5", "[]", "{}", "null", '"x"', "[" * 5000, "1" * 5000, '{"id": 1}', '{"id": "\\u0000"}'),
    '{"id": "AA", "rawId": "AA", "response": {"userHandle": "MQ"}, "type": "public-key"}',
    '{"id": "AA", "rawId": "AA", "type": "public-key", "response": {"clientDataJSON": "A", "attestationObject": "A"}}',
    json.dumps(SIGNED),
]


@pytest.mark.slow
@pytest.mark.parametrize("credential", ODD)
def test_odd_passkeys_are_refused(sign_in, alice, app, credential):
    make_passkey(alice)
    client, visitor, halfway = sign_in(alice), Client(), with_password(alice)
    client.get(f"{FACTORS}passkeys/add/")
    assert client.post(f"{FACTORS}passkeys/add/", {"credential": credential, "name": "x"}).status_code == 200
    visitor.get(f"{FACTORS}passkeys/login/", headers={"accept": "application/json"})
    assert visitor.post(f"{FACTORS}passkeys/login/", {"credential": credential}).url == LOGIN
    halfway.get(AUTHENTICATE)
    assert halfway.post(AUTHENTICATE, {"credential": credential}).status_code == 200
    assert not is_in(halfway)


@pytest.mark.parametrize(
    ("public", "host", "works"),
    [
        ("http://localhost:8000", "localhost", True),
        ("http://localhost:8000", "127.0.0.1", False),
        ("http://127.0.0.1:8000", "127.0.0.1", False),
        ("https://[2001:db8::1]", "2001:db8::1", False),
        ("https://todo.example.com", "todo.example.com", True),
        ("http://todo.example.com", "todo.example.com", False),
        ("https://todo.example.com", "localhost", False),
    ],
)
def test_where_passkeys_work(settings, public, host, works):
    settings.PUBLIC_URL = public
    assert passkeys_work_at(host) is works


def test_the_page_says_where_passkeys_do_not_work(sign_in, alice, settings):
    settings.ALLOWED_HOSTS = ["127.0.0.1"]
    for path in ("", "passkeys/add/"):
        text = sign_in(alice).get(f"{FACTORS}{path}", headers={"host": "127.0.0.1:8000"}).text
        assert "not on an IP address like 127.0.0.1" in text
    settings.PUBLIC_URL = "https://todo.example.com"
    assert FactorAdapter().get_public_key_credential_rp_entity()["id"] == "todo.example.com"
