"""The connection to the database of a request that waits for somebody's slow line."""

from django.db import connection


def let_go() -> None:
    """Give the connection back to its pool; the next query takes one again."""
    if not connection.in_atomic_block:  # which is a test's
        connection.close_if_unusable_or_obsolete()
