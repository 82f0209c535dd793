"""Refuse settings of django-q2 that lose, repeat or stall jobs (measured; see docs/architecture.md)."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register


@register
def check_cluster(**_kwargs: Any) -> list[CheckMessage]:
    return [Error(text, id=f"workflows.E{number:03}") for number, text in _faults(settings.Q_CLUSTER)]


def _faults(conf: dict[str, Any]) -> Iterator[tuple[int, str]]:
    workers, timeout, retry = conf.get("workers") or 0, conf.get("timeout") or 0, conf.get("retry", 60)
    prefetched = conf.get("bulk", 1) + conf.get("queue_limit", 0)
    if not conf.get("orm"):
        yield 1, "Q_CLUSTER needs the 'orm' broker: others lose the jobs in hand of a killed worker."
    if not workers or not timeout:
        yield 2, "Q_CLUSTER needs 'workers' and 'timeout': one job without an end would hold a worker for ever."
    elif retry <= timeout * (1 + prefetched / workers):
        longest = timeout * (1 + prefetched / workers)
        yield (
            3,
            f"Q_CLUSTER 'retry' ({retry} s) must exceed 'timeout' and the wait ({longest:.0f} s), or jobs run twice.",
        )
    if workers and conf.get("queue_limit", 0) > 2 * workers:
        yield 4, "Q_CLUSTER 'queue_limit' must be at most twice 'workers': a stop works through all prefetched jobs."
    if conf.get("save_limit", 250) > 0:
        yield 5, "Q_CLUSTER 'save_limit' must be 0 or -1: any other loads that many rows for each job."
    if conf.get("max_attempts") != 1 or not conf.get("ack_failures"):
        yield (
            6,
            "Q_CLUSTER needs 'max_attempts' 1 and 'ack_failures': retrying is the engine's, or a job repeats for ever.",
        )
    if conf.get("scheduler", True):
        yield 7, "Q_CLUSTER 'scheduler' must be off: it skips firings and one bad row stops them all."
    database: dict[str, Any] = settings.DATABASES["default"]
    if not database.get("CONN_MAX_AGE") and not database.get("OPTIONS", {}).get("pool"):
        yield 8, "The database needs CONN_MAX_AGE or a pool: the broker would connect anew for each call."
