import re
from collections.abc import Callable

import pytest
from django.utils.module_loading import import_string
from django_q.models import OrmQ


@pytest.fixture
def work_off() -> Callable[[], int]:
    """Return a function that does the queued jobs, also those due later, and says how many there were."""

    def work() -> int:
        rows = list(OrmQ.objects.order_by("pk"))
        for row in rows:
            task = row.task
            row.delete()
            import_string(task["func"])(*task["args"], **task["kwargs"])
        return len(rows)

    return work


@pytest.fixture
def delivered(db, work_off, mailoutbox: list) -> Callable[[], list]:
    """Return a function that works off the queue and returns all mails sent so far."""

    def deliver() -> list:
        work_off()
        return mailoutbox

    return deliver


@pytest.fixture
def second(make_user):
    return make_user("Olga", is_staff=True, is_superuser=True)


def first_link(text: str) -> str:
    found = re.search(r"https?://\S+", text)
    assert found, text
    return found.group()
