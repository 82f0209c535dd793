from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.workflows import definitions  # noqa: F401 - declares the schedules
from tests.workflows.definitions import three_steps
from workflows.core import clock
from workflows.core.definitions import ScheduleDefinition, get_schedule
from workflows.models import AuditLine, Firing, Run, Schedule
from workflows.testing import advance, run_until_idle
from workflows.transitions import schedules

pytestmark = pytest.mark.database


def fired(name: str) -> int:
    return Firing.objects.filter(schedule=name).count()


@pytest.fixture
def synced(db, monkeypatch):
    monkeypatch.setattr("workflows.core.definitions._schedules", {
        name: get_schedule(name) for name in ("hourly", "all", "skipping")
    })  # fmt: skip
    schedules.sync()


def test_a_schedule_fires_once_for_each_of_its_times(synced):
    for hours in range(1, 4):
        advance(timedelta(hours=1))
        for _ in range(3):
            run_until_idle()
        assert fired("all") == fired("hourly") == hours
    run = Run.objects.filter(pk__startswith="hourly@").first()
    assert run.status == "succeeded"
    assert run.pk == f"hourly@{Firing.objects.filter(run=run).get().fire_at:%Y-%m-%dT%H:%M:%SZ}"


@pytest.mark.parametrize(("name", "firings"), [("hourly", 1), ("all", 5), ("skipping", 0)])
def test_what_was_missed_follows_the_policy(synced, name, firings):
    Schedule.objects.exclude(pk=name).update(disabled_at=clock.now())
    due = Schedule.objects.get(pk=name).next_fire_at
    advance(due - clock.now() + timedelta(hours=4, minutes=30))
    run_until_idle()
    assert fired(name) == firings
    advance(timedelta(minutes=30))
    run_until_idle()
    assert fired(name) == firings + 1


def test_a_schedule_is_switched_off_and_on(synced, make_user):
    staff = make_user("Sten")
    for on in (False, True):
        assert schedules.switch("all", on=on, by=staff)
        assert not schedules.switch("all", on=on, by=staff)
        advance(timedelta(hours=3))
    assert Schedule.objects.get(pk="all").disabled_at is None
    assert [line.verb for line in AuditLine.objects.order_by("pk")] == ["switch off", "switch on"]


def test_firings_while_switched_off_are_not_made_up_for(synced):
    schedules.switch("all", on=False)
    advance(timedelta(hours=3))
    run_until_idle()
    schedules.switch("all", on=True)
    run_until_idle()
    assert fired("all") == 0


def test_a_schedule_is_fired_by_hand(synced):
    schedules.switch("all", on=False)
    before = Schedule.objects.get(pk="all").next_fire_at
    run = schedules.fire("all")
    run_until_idle()
    run.refresh_from_db()
    assert run.status == "succeeded"
    assert Schedule.objects.get(pk="all").next_fire_at == before


def test_a_changed_definition_counts_from_now(synced, monkeypatch):
    before = Schedule.objects.get(pk="all").next_fire_at
    changed = ScheduleDefinition("all", three_steps.name, None, timedelta(days=7), "UTC", "all", {"start": 1})
    monkeypatch.setattr("workflows.core.definitions._schedules", {"all": changed})
    schedules.sync()
    assert Schedule.objects.get(pk="all").next_fire_at > before


def cron(expression: str, zone: str) -> ScheduleDefinition:
    return ScheduleDefinition("c", "w", expression, None, zone, "once")


def local(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=ZoneInfo("Europe/Berlin"))


@pytest.mark.parametrize(
    ("expression", "after", "expected"),
    [
        ("30 2 * * *", local(2026, 3, 28, 12), datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),  # 2:30 does not exist
        ("30 2 * * *", local(2026, 3, 29, 12), local(2026, 3, 30, 2, 30)),
        ("30 2 * * *", local(2026, 10, 24, 12), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),  # 2:30 comes twice
        ("30 2 * * *", datetime(2026, 10, 25, 0, 30, tzinfo=UTC), local(2026, 10, 26, 2, 30)),
        ("0 9 * * 1-5", local(2026, 11, 20, 9), local(2026, 11, 23, 9)),
        ("0 0 29 2 *", local(2026, 1, 1), local(2028, 2, 29)),
        ("0 0 31 * *", local(2026, 1, 31), local(2026, 3, 31)),
    ],
)
def test_cron_is_wall_clock_time(expression, after, expected):
    assert cron(expression, "Europe/Berlin").next_after(after) == expected


def test_an_interval_keeps_its_rhythm():
    every = ScheduleDefinition("e", "w", None, timedelta(minutes=15), "UTC", "once")
    assert every.next_after(datetime(2026, 1, 1, 10, 7, 3, tzinfo=UTC)) == datetime(2026, 1, 1, 10, 15, tzinfo=UTC)
    assert every.next_after(datetime(2026, 1, 1, 10, 15, tzinfo=UTC)) == datetime(2026, 1, 1, 10, 30, tzinfo=UTC)
