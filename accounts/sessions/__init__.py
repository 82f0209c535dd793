"""Where a person is signed in, and how freshly."""

from accounts.sessions.ending import begin, clear, remember

__all__ = [
    "begin",
    "clear",
    "remember",
]
