"""The same people everywhere: Alice owns, Bob shares (editor), Carol reads, Mallory is a stranger."""

import hashlib
import os
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client

from accounts.models import User
from tests import template
from todos.models import Role, Todo, TodoList
from uploads.verifying import decoding
from workflows.core import clock, crash
from workflows.replay import step

PASSWORD = "kelp holds the rock"


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """Begin with the copy below. Nothing deletes it: its folder, or its server, goes as a whole."""
    return True


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings) -> None:
    name = connection.creation._get_test_db_name()  # type: ignore[attr-defined]
    if connection.vendor == "sqlite":
        template.copy_file(name)
    else:
        template.copy_database(name, server=os.environ["DATABASE_URL"])


@pytest.fixture(autouse=True)
def quick_settings(settings):
    """Cheap password hashes, unhashed static files; no test measures either."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    }


@pytest.fixture(autouse=True)
def real_time():
    """Set the engine's clock back, and disarm crash points, after each test."""
    yield
    clock.reset()
    crash.disarm()


@pytest.fixture(autouse=True)
def patient_steps(monkeypatch):
    """Let transactions of steps take their time: how long is a matter of the machine, and of no test but its own."""
    monkeypatch.setattr(step, "TRANSACTION_TIMEOUT", timedelta(minutes=1))


@pytest.fixture(autouse=True)
def no_tries():
    """Forget what earlier tests tried: rate limits count in the cache, which no test rolls back."""
    cache.clear()


@pytest.fixture(autouse=True)
def upload_folder(settings, tmp_path):
    """The local store of uploads, in a folder of its own."""
    settings.UPLOAD_FOLDER = tmp_path / "uploads"
    return settings.UPLOAD_FOLDER


_decoded: dict[tuple[Any, ...], bytes] = {}


@pytest.fixture(autouse=True)
def known_pictures(monkeypatch):
    """Decode a picture once for all tests: most of them attach the same few, and each decoding starts a process."""
    run = decoding._run

    def run_once(file, **order):
        limits = decoding.MEMORY, decoding.PATIENCE, decoding.decoder.__file__
        file.seek(0)
        key = hashlib.file_digest(file, "sha256").digest(), *map(str, order.values()), *limits
        if key not in _decoded:
            _decoded[key] = run(file, **order)
        return _decoded[key]

    monkeypatch.setattr(decoding, "_run", run_once)


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


@pytest.fixture
def flat(alice, bob, carol) -> TodoList:
    """Alice's list, in which Bob works and Carol reads."""
    flat = TodoList.create("Flat renovation", by=alice)
    flat.add_member(bob, role=Role.EDITOR, by=alice, tell=False)
    flat.add_member(carol, role=Role.READER, by=alice, tell=False)
    return flat


@pytest.fixture
def tiles(flat, alice) -> Todo:
    return flat.add("Order tiles", by=alice)
