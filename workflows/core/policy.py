"""How long and how often: retry policies and the bounds of durations."""

import random
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from workflows.core.errors import InvalidValue

LONGEST = timedelta(days=365)
"""The longest sleep, wait and delay."""


@dataclass(frozen=True, kw_only=True)
class Retry:
    """How a failed attempt is repeated.

    `limit` counts the attempts after the first one. The delay before the n-th of them is `delay` (constant),
    `delay`·n (linear) or `delay`·2^(n-1) (exponential), at most 365 days, plus a random part of it up to `jitter`.
    """

    limit: int = 5
    delay: timedelta = timedelta(seconds=30)
    backoff: Literal["constant", "linear", "exponential"] = "exponential"
    jitter: float = 0.1

    def __post_init__(self) -> None:
        if not 0 <= self.limit <= 100:
            raise InvalidValue(what="Retry.limit", value=self.limit, why="it goes from 0 to 100")
        check_duration("Retry.delay", self.delay)
        if self.backoff not in ("constant", "linear", "exponential"):
            raise InvalidValue(what="Retry.backoff", value=self.backoff, why="use constant, linear or exponential")
        if not 0 <= self.jitter <= 1:
            raise InvalidValue(what="Retry.jitter", value=self.jitter, why="it goes from 0 to 1")

    def delay_before(self, retry: int) -> timedelta:
        """Return the delay before the `retry`-th repetition, the first is 1."""
        factor = {"constant": 1, "linear": retry, "exponential": 1 << (retry - 1)}[self.backoff]
        seconds = min(self.delay.total_seconds() * factor, LONGEST.total_seconds())
        return timedelta(seconds=seconds * (1 + self.jitter * random.random()))  # noqa: S311 - spreads load, no secret


def check_duration(what: str, value: timedelta, *, longest: timedelta = LONGEST) -> timedelta:
    """Return the duration, or raise InvalidValue if it is negative or too long."""
    if not isinstance(value, timedelta):
        raise InvalidValue(what=what, value=repr(value), why="give a timedelta")
    if not timedelta(0) <= value <= longest:
        raise InvalidValue(what=what, value=value, why=f"it goes from 0 to {longest}")
    return value
