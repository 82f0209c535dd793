import re
from collections.abc import Callable

import pytest

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


def first_link(text: str) -> str:
    found = re.search(r"https?://\S+", text)
    assert found, text
    return found.group()
