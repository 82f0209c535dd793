"""Where a person is signed in, and how recently they re-authenticated."""

from accounts.sessions.ending import begin, clear, remember

__all__ = [
    "begin",
    "clear",
    "remember",
]
