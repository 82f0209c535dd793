import re
import time
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth.hashers import MD5PasswordHasher

from accounts import invitations
from tests.accounts.factors.codes import SECRET
from workflows.testing import run_until_idle


@pytest.fixture
def delivered(db, mailoutbox: list) -> Callable[[], list]:
    """Return a function that does what is due and returns all mails sent so far."""

    def deliver() -> list:
        run_until_idle()
        return mailoutbox

    return deliver


@pytest.fixture
def second(make_user):
    return make_user("Olga", is_staff=True, is_superuser=True)


@pytest.fixture
def link(staff) -> str:
    """The path of an invitation for one person, to nothing in particular."""
    return invitations.make_link(by=staff).link.removeprefix("http://localhost:8000")


@pytest.fixture
def still_clock(monkeypatch):
    """No code turns old within a test."""
    now = time.time() // 30 * 30 + 10
    monkeypatch.setattr("time.time", lambda: now)


@pytest.fixture
def app(alice) -> Authenticator:
    """Alice's authenticator app."""
    return TOTP.activate(alice, SECRET).instance


@pytest.fixture
def recovery(alice, app) -> list[str]:
    return RecoveryCodes.activate(alice).get_unused_codes()


@pytest.fixture
def clock(monkeypatch) -> SimpleNamespace:
    """Hold the windows' clock, so that no window ends between two tries; `clock.now` moves it."""
    held = SimpleNamespace(now=1_800_000_000.0)
    monkeypatch.setattr("django_ratelimit.core.time", SimpleNamespace(time=lambda: held.now))
    return held


@pytest.fixture
def hashed(monkeypatch) -> list[str]:
    """The passwords that were looked at."""
    seen: list[str] = []
    encode = MD5PasswordHasher.encode

    def counted(self, password, salt):
        seen.append(password)
        return encode(self, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", counted)
    return seen


def first_link(text: str) -> str:
    found = re.search(r"https?://\S+", text)
    assert found, text
    return found.group()
