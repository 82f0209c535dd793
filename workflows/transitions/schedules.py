"""Schedules: fired by any worker, each firing once."""

import logging
from datetime import datetime, timedelta
from typing import Any

from django.db import OperationalError, transaction
from django.db.models import Min

from workflows.core import clock
from workflows.core.definitions import ScheduleDefinition, get_schedule, schedules
from workflows.core.emit import emit, observe
from workflows.models import Firing, Run, Schedule
from workflows.transitions import runs
from workflows.transitions.guarding import inside, verb
from workflows.transitions.steering import audit

log = logging.getLogger("holdfast.workflows")

LATE = timedelta(minutes=1)
"""A firing later than this was missed, and its schedule's policy decides."""
PUT_OFF = timedelta(minutes=5)
MOST = 100
"""Firings that are made up for at most."""


def sync() -> None:
    """Bring the rows in line with the definitions; a new or changed one fires next after now."""
    known = {row.pk: row for row in Schedule.objects.filter(pk__in=[made.name for made in schedules()])}
    for made in schedules():
        row = known.get(made.name)
        if row is None or row.definition != str(made):
            fire_at = made.next_after(clock.now())
            Schedule.objects.update_or_create(pk=made.name, defaults={"definition": str(made), "next_fire_at": fire_at})


@verb
def fire_due() -> int:
    """Start the runs of all schedules that are due; return how many."""
    now = clock.now()
    due = Schedule.objects.filter(pk__in=[made.name for made in schedules()], disabled_at=None, next_fire_at__lte=now)
    return sum(_fire_alone(name, now) for name in list(due.values_list("pk", flat=True)))


@verb
def fire(name: str, *, by: Any = None) -> Run:
    """Start the schedule's workflow now, switched on or not; its next firing stays when it is."""
    made = get_schedule(name)
    with transaction.atomic():
        row = _locked(made)
        run = runs.create(made.workflow, made.input, by=by)
        now = clock.now()
        Firing.objects.create(schedule=row, fire_at=now, fired_at=now, run=run)
        audit("fire", "schedule", name, by=by)
    return run


@verb
def switch(name: str, *, on: bool, by: Any = None) -> bool:
    """Switch a schedule on or off; False if it is. Firings while it was off are not made up for."""
    made = get_schedule(name)
    with transaction.atomic():
        row = _locked(made)
        if on == (row.disabled_at is None):
            return False
        now = clock.now()
        row.disabled_at, row.disabled_by = (None, None) if on else (now, by)
        if on:
            row.next_fire_at = made.next_after(now)
        row.save(update_fields=["disabled_at", "disabled_by", "next_fire_at"])
        audit("switch on" if on else "switch off", "schedule", name, by=by)
    return True


def next_fire() -> datetime | None:
    known = Schedule.objects.filter(pk__in=[made.name for made in schedules()], disabled_at=None)
    found: datetime | None = known.aggregate(next=Min("next_fire_at"))["next"]
    return found


def _fire_alone(name: str, now: datetime) -> int:
    """Fire one schedule; one that cannot be fired is put off and does not keep others, or runs, from their turn."""
    try:
        return _fire_missed(name, now)
    except OperationalError:
        raise
    except Exception:  # whatever is wrong with it is this schedule's alone
        log.exception("schedule %s could not be fired, trying again in %s", name, PUT_OFF)
        Schedule.objects.filter(pk=name).update(next_fire_at=now + PUT_OFF)
        return 0


def _fire_missed(name: str, now: datetime) -> int:
    made = get_schedule(name)
    with transaction.atomic():
        row = _locked(made)
        if row.disabled_at or row.next_fire_at is None or row.next_fire_at > now:
            return 0  # another worker was faster
        times = made.last_until(now, since=row.next_fire_at, limit=MOST)
        for fire_at in _chosen(made, times, now):
            run = runs.create(made.workflow, made.input, id=f"{name}@{fire_at:%Y-%m-%dT%H:%M:%SZ}"[-runs.ID_LIMIT :])
            Firing.objects.get_or_create(schedule=row, fire_at=fire_at, defaults={"fired_at": now, "run": run})
            emit("schedule.fired", workflow=made.workflow, schedule=name)
            observe("late", (now - fire_at).total_seconds())
        inside_fire()
        row.next_fire_at = made.next_after(now)
        row.save(update_fields=["next_fire_at"])
    return len(times)


inside_fire = inside("schedules.fire_due")


def _chosen(made: ScheduleDefinition, times: list[datetime], now: datetime) -> list[datetime]:
    """Return which of the firings up to now happen, by the policy for those that were missed."""
    on_time = [moment for moment in times if now - moment <= LATE]
    missed = times[: len(times) - len(on_time)]
    if made.missed == "skip":
        return on_time
    if made.missed == "once":
        return on_time or missed[-1:]
    return times


def _locked(made: ScheduleDefinition) -> Schedule:
    row = Schedule.objects.select_for_update().filter(pk=made.name).first()
    if row is None:
        sync()
        row = Schedule.objects.select_for_update().get(pk=made.name)
    return row
