"""The same people everywhere: Alice owns, Bob shares (editor), Carol reads, Mallory is a stranger."""

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import User

PASSWORD = "kelp holds the rock"


@pytest.fixture(autouse=True)
def quick_settings(settings):
    """Cheap password hashes, unhashed static files; no test measures either."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    }


@pytest.fixture
def make_user(db) -> Callable[..., User]:
    def make(name: str, **fields) -> User:
        user = User.objects.create_user(f"{name.lower()}@example.com", PASSWORD, name=name, **fields)
        user.emailaddress_set.create(email=user.email, verified=True, primary=True)
        return user

    return make


@pytest.fixture
def alice(make_user) -> User:
    return make_user("Alice")


@pytest.fixture
def bob(make_user) -> User:
    return make_user("Bob")


@pytest.fixture
def carol(make_user) -> User:
    return make_user("Carol")


@pytest.fixture
def mallory(make_user) -> User:
    return make_user("Mallory")


@pytest.fixture
def staff(make_user) -> User:
    return make_user("Sten", is_staff=True, is_superuser=True)


@pytest.fixture
def sign_in() -> Callable[[User], Client]:
    """Return a signed-in test client for a person."""

    def sign_in_as(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return sign_in_as
