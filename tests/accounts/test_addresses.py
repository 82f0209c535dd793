"""Whose address a request comes from, whatever its headers claim."""

import ipaddress

import pytest
from django.test import RequestFactory

from accounts import addresses


@pytest.fixture
def behind(settings):
    """Trust these proxies, which write this header."""

    def trust(*networks: str, header: str = "X-Forwarded-For") -> None:
        settings.TRUSTED_PROXIES = [ipaddress.ip_network(network) for network in networks]
        settings.CLIENT_IP_HEADER = header

    return trust


def address(peer: str, **headers: str) -> str | None:
    request = RequestFactory().get("/", headers=headers, REMOTE_ADDR=peer)
    found = addresses.client_address(request)
    return str(found) if found else None


def test_without_a_trusted_proxy_headers_count_for_nothing():
    for header in ("X-Forwarded-For", "Forwarded", "X-Real-IP", "CF-Connecting-IP", "Client-IP"):
        assert address("198.51.100.7", **{header: "203.0.113.9"}) == "198.51.100.7"


@pytest.mark.parametrize(
    ("chain", "client"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("6.6.6.6, 203.0.113.9", "203.0.113.9"),  # what stands before it came from the client
        ("6.6.6.6, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
        ("10.0.0.9", "10.0.0.9"),  # an office inside the trusted network
        ("203.0.113.9:4711", "203.0.113.9"),
        ("[2001:db8::1]:4711", "2001:db8::1"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("", None),
        ("unknown", None),
        ("203.0.113.9, nonsense", None),
    ],
)
def test_a_trusted_proxy_is_believed_as_far_as_trusted_ones_wrote(behind, chain, client):
    behind("127.0.0.1", "10.0.0.0/8")
    assert address("127.0.0.1", **{"X-Forwarded-For": chain}) == client


def test_a_missing_header_is_nobody_instead_of_the_proxy(behind):
    behind("127.0.0.1")
    assert address("127.0.0.1") is None


def test_another_header(behind):
    behind("173.245.48.0/20", header="CF-Connecting-IP")
    headers = {"CF-Connecting-IP": "203.0.113.9", "X-Forwarded-For": "6.6.6.6"}
    assert address("173.245.48.5", **headers) == "203.0.113.9"
    assert address("198.51.100.7", **headers) == "198.51.100.7"


def test_a_mapped_address_of_a_proxy_is_that_proxy(behind):
    behind("127.0.0.1")
    assert address("::ffff:127.0.0.1", **{"X-Forwarded-For": "203.0.113.9"}) == "203.0.113.9"


@pytest.mark.parametrize(
    ("text", "bucket"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
    ],
)
def test_limits_count_by_address_or_by_64_bits(text, bucket):
    found = addresses.parse(text)
    assert found
    assert addresses.bucket(found) == bucket


def test_the_address_of_the_request_is_at_hand_while_it_is_served(client, monkeypatch):
    seen = []
    monkeypatch.setattr(
        "accounts.web.context.chosen_theme", lambda _request: seen.append(addresses.current()) or "system"
    )
    client.get("/accounts/login/", REMOTE_ADDR="203.0.113.9")
    assert str(seen[0]) == "203.0.113.9"
    assert addresses.current() is None
