"""Set Django up with a clock that is held: what was signed or put off long ago is still young, and nothing waits.

Import it before anything of Holdfast. The clock starts with the real time and moves only by `hold` and `advance`.
"""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import django
from django.conf import settings
from django.utils import timezone

_now = datetime.now(UTC).replace(microsecond=0)


def now() -> datetime:
    return _now


def hold(moment: datetime) -> None:
    global _now  # noqa: PLW0603 - a clock is global
    _now = moment


def timestamp() -> float:
    return _now.timestamp()


def advance(by: timedelta) -> None:
    hold(_now + by)


def run(main: Callable[[], None]) -> None:
    """Call it in a thread: there the engine interrupts nothing, however slow the machine is."""
    with ThreadPoolExecutor(1) as threads:
        threads.submit(main).result()


timezone.now = now
time.time = timestamp
settings.STORAGES = settings.STORAGES | {
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}  # none are collected here
}
settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, "testserver"]
django.setup()

from django.contrib.auth.tokens import PasswordResetTokenGenerator  # noqa: E402 - needs the settings

setattr(PasswordResetTokenGenerator, "_now", lambda _self: _now.replace(tzinfo=None))  # noqa: B010 - for mypy
