"""What all transitions share: crash points, fenced statements, and the exception for a run whose claim is gone."""

import functools
import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeGuard

from django.db import DatabaseError, InterfaceError, connection

from workflows.core import crash

log = logging.getLogger("holdfast.workflows")

LEASE = timedelta(seconds=10)
"""How long a worker holds a run or a message without a sign of life."""

POINTS: list[str] = []
"""All crash points, as `module.function.before` and `.after`, and `.inside` where a transaction has a middle."""


class Unwind(BaseException):
    """Leaves a workflow's function: the run was suspended, or is no longer this worker's; the rows say which."""


class Stopped(Unwind):
    """The run was paused or cancelled, or another worker has claimed it."""


def verb[**P, R](function: Callable[P, R]) -> Callable[P, R]:
    """Put a crash point before and after the transition."""
    name = f"{function.__module__.rpartition('.')[2]}.{function.__name__}"
    before, after = f"{name}.before", f"{name}.after"
    POINTS.extend([before, after])

    @functools.wraps(function)
    def between(*args: P.args, **kwargs: P.kwargs) -> R:
        crash.point(before)
        result = function(*args, **kwargs)
        crash.point(after)
        return result

    return between


def inside(name: str) -> Callable[[], None]:
    """Declare a crash point in the middle of a transaction."""
    POINTS.append(f"{name}.inside")
    return functools.partial(crash.point, f"{name}.inside")


def write(statement: str, params: Sequence[Any]) -> int:
    """Execute one statement of a worker and return how many rows it changed; a lost database unwinds."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(spell(statement, connection.vendor), params)
            return int(cursor.rowcount)
    except (DatabaseError, InterfaceError) as error:
        raise lost_database(error) from error


def lost_database(error: Exception) -> Unwind:
    """Say that the database refused, and return the way out: the run continues when its lease has expired."""
    log.warning("a worker's write was refused: %s", str(error).strip())
    return Unwind("the database refused")


def instant(moment: datetime) -> Any:
    """Return the moment as the database's parameter."""
    return connection.ops.adapt_datetimefield_value(moment)


def is_conflict(error: BaseException | None) -> TypeGuard[DatabaseError]:
    """Did PostgreSQL end the transaction because of another one: a deadlock, a serialization failure?"""
    return isinstance(error, DatabaseError) and getattr(error.__cause__, "sqlstate", "") in ("40001", "40P01")


@functools.cache
def spell(statement: str, vendor: str) -> str:
    """Return the statement in the database's dialect.

    {SHARE} keeps the claim from changing between its check and the commit, {SKIP} passes over rows that another worker
    is claiming; SQLite has one writer, and needs neither. {TIME} gives a parameter that may be null its type. {LAZY}
    commits without waiting for the disk what a crash of the server may take back: a claim, the start of an attempt and
    the end of a run are made again by whoever claims the run next, and no result that was waited for comes before them.
    """
    marks = {
        "{SHARE}": "FOR SHARE",
        "{SKIP}": "FOR UPDATE SKIP LOCKED",
        "{TIME}": "::timestamptz",
        "{LAZY}": "AND set_config('synchronous_commit', 'off', true) = 'off'",
    }
    for mark, text in marks.items():
        statement = statement.replace(mark, text if vendor == "postgresql" else "")
    return statement
