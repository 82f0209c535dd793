"""What people do to runs: events, pause, resume, cancel, retry, restart."""

from datetime import timedelta

import pytest

from tests.workflows.definitions import (
    calls,
    everything,
    failing,
    parent,
    pausing,
    retried,
    sleeping,
    three_steps,
    waiting,
)
from workflows import engine
from workflows.core import clock
from workflows.core.errors import NoSuchStep, RunOver, UnknownRun, WrongStatus
from workflows.models import AuditLine, Run
from workflows.testing import advance, run_until_idle

pytestmark = [pytest.mark.database, pytest.mark.django_db]


def audited(run: Run) -> list[str]:
    return list(
        AuditLine.objects.filter(subject="run", subject_id=run.pk).order_by("pk").values_list("verb", flat=True)
    )


def test_an_event_that_comes_before_the_wait_is_kept(ended):
    run = engine.start(waiting, {})
    engine.send_event(run.pk, "approved", {"by": "Alice"})
    run_until_idle()
    assert ended(run) == {"by": "Alice"}
    event = run.events.get()
    assert event.consumed_at
    assert event.step == run.steps.get()


def test_events_come_in_their_order_and_by_type(ended):
    @engine.workflow("ordered")
    def ordered(step):
        return [step.wait_for_event("w", "a"), step.wait_for_event("w", "a"), step.wait_for_event("w", "b")]

    run = engine.start(ordered, {})
    for kind, payload in (("b", 1), ("a", 2), ("a", 3)):
        engine.send_event(run.pk, kind, payload)
    run_until_idle()
    assert ended(run) == [2, 3, 1]


def test_a_wait_that_is_over_is_recorded(ended):
    run = engine.start(waiting, {})
    run_until_idle()
    advance(timedelta(minutes=59))
    run_until_idle()
    assert Run.objects.get().status == "waiting"
    advance(timedelta(minutes=1))
    run_until_idle()
    assert ended(run) == "nobody came"


def test_an_event_stored_before_the_wait_ends_wins(ended):
    run = engine.start(waiting, {})
    run_until_idle()
    advance(timedelta(hours=2))
    engine.send_event(run.pk, "approved", "late, and in time")
    run_until_idle()
    assert ended(run) == "late, and in time"


def test_events_to_runs_that_are_over_are_refused_unless_nobody_minds():
    run = engine.start(three_steps, {"start": 1})
    run_until_idle()
    with pytest.raises(RunOver, match="is succeeded and accepts no more events"):
        engine.send_event(run.pk, "approved")
    with pytest.raises(UnknownRun):
        engine.send_event("nobody", "approved")
    assert engine.send_event(run.pk, "approved", missing_ok=True) is False
    assert engine.send_event("nobody", "approved", missing_ok=True) is False


def test_a_paused_sleep_keeps_its_rest(ended):
    run = engine.start(sleeping, {"hours": 3})
    run_until_idle()
    advance(timedelta(hours=1))
    assert engine.pause(run.pk)
    assert not engine.pause(run.pk)
    advance(timedelta(hours=10))
    run_until_idle()
    assert calls["awake"] == 0
    engine.resume(run.pk)
    run_until_idle()
    run.refresh_from_db()
    assert run.status == "waiting"
    assert timedelta(hours=1, minutes=59) < run.wake_at - clock.now() <= timedelta(hours=2)
    advance(timedelta(hours=2))
    run_until_idle()
    assert ended(run) == "rested"
    assert audited(run) == ["pause", "resume"]


def test_a_paused_run_keeps_events_and_takes_them_later(ended):
    run = engine.start(waiting, {})
    run_until_idle()
    engine.pause(run.pk)
    engine.send_event(run.pk, "approved", "kept")
    run_until_idle()
    run.refresh_from_db()
    assert run.status == "paused"
    engine.resume(run.pk)
    run_until_idle()
    assert ended(run) == "kept"


def test_a_run_at_work_pauses_before_its_next_step(ended):
    run = engine.start(pausing, {})
    run_until_idle()
    run.refresh_from_db()
    assert (run.status, calls["after"]) == ("paused", 0)
    assert run.steps.get().status == "succeeded"
    engine.resume(run.pk)
    run_until_idle()
    ended(run)
    assert calls["after"] == 1


def test_a_pause_that_was_taken_back_in_time_does_nothing(ended):
    @engine.workflow("undecided")
    def undecided(step):
        def change():
            engine.pause(step.run_id)
            engine.resume(step.run_id)

        step.do("change", change)
        return step.do("after", lambda: "through")

    run = engine.start(undecided, {})
    run_until_idle()
    assert ended(run) == "through"


def test_cancel_ends_a_run_and_its_children():
    failing["shaky"] = 1
    run = engine.start(parent, {}, id="mother")
    run_until_idle()
    assert engine.cancel(run.pk)
    assert not engine.cancel(run.pk)
    advance(timedelta(hours=1))
    run_until_idle()
    assert set(Run.objects.values_list("status", flat=True)) == {"cancelled"}
    assert calls["shaky"] == 1


def test_a_cancelled_child_is_an_error_of_its_parent(ended):
    failing["shaky"] = 1
    run = engine.start(parent, {}, id="mother")
    run_until_idle()
    engine.cancel("mother.0")
    run_until_idle()
    assert ended(run) == "run mother.0 cancelled: Cancelled: it was cancelled"


def test_a_step_in_flight_of_a_cancelled_run_is_not_recorded():
    @engine.workflow("cancelling")
    def cancelling(step):
        step.do("cancel", lambda: engine.cancel(step.run_id))
        step.do("after", lambda: calls.update(["after"]))

    run = engine.start(cancelling, {})
    run_until_idle()
    run.refresh_from_db()
    assert (run.status, calls["after"]) == ("cancelled", 0)
    assert run.steps.get().status == "running"


def test_restart_is_a_new_run_of_the_same_input(ended):
    run = engine.start(three_steps, {"start": 4})
    run_until_idle()
    again = engine.restart(run.pk)
    run_until_idle()
    assert ended(again)["one"] == 5
    assert again.pk != run.pk
    assert calls["one"] == 2


def test_restart_from_a_step_keeps_what_came_before(ended):
    run = engine.start(three_steps, {"start": 4})
    run_until_idle()
    again = engine.restart(run.pk, from_step="two", id="again")
    assert engine.restart(run.pk, from_step="two", id="again").pk == again.pk
    run_until_idle()
    assert ended(again) == {"one": 5, "two": "two"}
    assert calls == {"one": 1, "two": 2, "three": 2}
    assert AuditLine.objects.get(verb="restart", detail="as again from two")


@pytest.mark.parametrize(
    ("verb", "message"),
    [
        (engine.pause, "succeeded, and only runs that are queued or running or waiting can be paused"),
        (engine.resume, "succeeded, and only runs that are paused can be resumed"),
        (engine.cancel, "only runs that are queued or running or waiting or paused can be cancelled"),
        (engine.retry, "only runs that are failed can be retried"),
    ],
)
def test_what_does_not_fit_the_status_is_refused(verb, message):
    run = engine.start(three_steps, {"start": 1})
    run_until_idle()
    with pytest.raises(WrongStatus, match=message):
        verb(run.pk)
    with pytest.raises(UnknownRun, match="no run with the id 'nobody'"):
        verb("nobody")
    assert audited(run) == []


def test_restart_refuses_runs_at_work_and_unknown_steps():
    run = engine.start(sleeping, {})
    run_until_idle()
    with pytest.raises(WrongStatus, match="only runs that are succeeded or failed or cancelled can be restarted"):
        engine.restart(run.pk)
    engine.cancel(run.pk)
    with pytest.raises(NoSuchStep, match="has no step 'dream' to restart from; it has nap"):
        engine.restart(run.pk, from_step="dream")


def test_retry_of_a_run_whose_code_failed_outside_of_steps(ended):
    @engine.workflow("careless")
    def careless(step):
        step.do("once", lambda: calls.update(["once"]))
        if not calls["repaired"]:
            raise KeyError("missing")
        return "whole"

    run = engine.start(careless, {})
    run_until_idle()
    assert ended(run, "failed")["type"] == "KeyError"
    calls["repaired"] = 1
    engine.retry(run.pk)
    run_until_idle()
    assert ended(run) == "whole"
    assert calls["once"] == 1


def test_the_actor_is_kept(make_user):
    staff = make_user("Sten")
    run = engine.start(sleeping, {}, by=staff)
    engine.pause(run.pk, by=staff)
    run.refresh_from_db()
    assert run.created_by == staff
    assert AuditLine.objects.get().actor == staff


def test_waiting_runs_hold_no_worker():
    for definition in (sleeping, waiting, everything):
        engine.start(definition, {})
    failing["shaky"] = 1
    engine.start(retried, {})
    run_until_idle()
    assert set(Run.objects.values_list("status", "worker")) == {("waiting", "")}
