"""Refuse settings of django-q2 that slow down or stall the engine (measured; see docs/architecture.md)."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register


@register
def check_cluster(**_kwargs: Any) -> list[CheckMessage]:
    return [Error(text, id=f"workflows.E{number:03}") for number, text in _faults(settings.Q_CLUSTER)]


def _faults(conf: dict[str, Any]) -> Iterator[tuple[int, str]]:
    workers = conf.get("workers") or 0
    if conf.get("broker_class") != "workflows.worker.dispatch.DueWork":
        yield 1, "Q_CLUSTER needs the broker class workflows.worker.dispatch.DueWork: work is in the engine's tables."
    if not workers:
        yield 2, "Q_CLUSTER needs 'workers', a number."
    elif not 0 < conf.get("queue_limit", 0) <= 2 * workers:
        yield 3, "Q_CLUSTER 'queue_limit' must be from 1 to twice 'workers': any more would only wait in memory."
    if conf.get("save_limit", 250) > 0:
        yield 4, "Q_CLUSTER 'save_limit' must be 0 or -1: any other value loads that many rows for each job."
    if conf.get("scheduler", True):
        yield 5, "Q_CLUSTER 'scheduler' must be off: it skips firings, and one bad row stops them all."
    database: dict[str, Any] = settings.DATABASES["default"]
    if not database.get("CONN_MAX_AGE") and not database.get("OPTIONS", {}).get("pool"):
        yield 6, "The database needs CONN_MAX_AGE or a pool: otherwise the worker opens a new connection for each job."
