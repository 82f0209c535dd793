"""The database connection of a request that waits for a slow client."""

from django.db import connection


def let_go() -> None:
    """Return the connection to its pool; the next query gets one again."""
    if not connection.in_atomic_block:  # which is a test's
        connection.close_if_unusable_or_obsolete()
