"""Tries to sign in, for the tests that count them."""

from ipaddress import ip_network

from django.test import Client

LOGIN = "/accounts/login/"
REAUTHENTICATE = "/accounts/reauthenticate/"
LOOPBACK = ip_network("127.0.0.0/8")


def try_to_sign_in(client=None, email="alice@example.com", password="wrong", **extra):
    return (client or Client()).post(LOGIN, {"login": email, "password": password}, **extra)


def try_by_the_admin(client=None, **_):
    """The admin's own form, should it come back: an anonymous post is led to the one door, and goes through it."""
    client = client or Client()
    response = client.post("/admin/login/", {"username": "alice@example.com", "password": "wrong"})
    assert (response.status_code, response.url.partition("?")[0]) == (302, LOGIN)
    return client.post(response.url, {"login": "alice@example.com", "password": "wrong"})


def try_with_json(client=None, **_):
    return try_to_sign_in(client, headers={"accept": "application/json", "x-requested-with": "XMLHttpRequest"})


def try_with_htmx(client=None, **_):
    return try_to_sign_in(client, headers={"hx-request": "true"})


def assert_limited(response, *, seconds: int = 10):
    assert response.status_code == 429
    assert 1 <= int(response["Retry-After"]) <= seconds


DOORS = {"page": try_to_sign_in, "admin": try_by_the_admin, "json": try_with_json, "htmx": try_with_htmx}
