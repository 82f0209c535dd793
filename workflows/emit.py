"""The one place where the engine says what happened: a log line and counters."""

import logging
from collections import Counter
from typing import Any

log = logging.getLogger("holdfast.workflows")
counts: Counter[tuple[str, str]] = Counter()
"""How often each (event, workflow or queue) happened in this process since the last flush."""


def emit(event: str, *, workflow: str = "", count: int = 1, **details: Any) -> None:
    counts[event, workflow] += count
    if log.isEnabledFor(logging.DEBUG):
        log.debug("%s %s %s", event, workflow, " ".join(f"{key}={value}" for key, value in details.items()))
