"""The engine's one clock, which tests advance."""

from datetime import datetime, timedelta

from django.utils import timezone

_offset = timedelta(0)


def now() -> datetime:
    return timezone.now() + _offset


def advance(by: timedelta) -> None:
    """Move this process's clock; `workflows.testing` sets it back."""
    global _offset  # noqa: PLW0603 - a clock is global
    _offset += by


def reset() -> None:
    global _offset  # noqa: PLW0603
    _offset = timedelta(0)
