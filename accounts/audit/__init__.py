"""The audit log: what happened to people's accounts."""

from accounts.audit.recording import LONGEST, about, forget, prune, record

__all__ = [
    "LONGEST",
    "about",
    "forget",
    "prune",
    "record",
]
