"""What happened to whose account."""

from accounts.audit.recording import LONGEST, about, forget, prune, record

__all__ = [
    "LONGEST",
    "about",
    "forget",
    "prune",
    "record",
]
