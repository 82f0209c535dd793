"""The supervisor: how long it waits for a cluster, and what it does about supervisors that were killed."""

import os
import socket
import subprocess
import sys
from datetime import timedelta

import pytest
from django.utils import timezone

from tests.workflows.definitions import three_steps
from workflows import engine
from workflows.core.definitions import get_consumer
from workflows.models import Worker
from workflows.transitions import messages, runs
from workflows.worker import dispatch
from workflows.worker.processes import Child
from workflows.worker.supervisor import LONGEST_STARTING, SILENT, STARTING, Supervisor

pytestmark = [pytest.mark.database, pytest.mark.django_db]
MOMENT = timedelta(seconds=1)
HOST = socket.gethostname()


@pytest.fixture
def supervisor():
    """A supervisor that has just started its cluster, and has not looked yet."""
    made = Supervisor()
    made.cluster = Child([sys.executable, "-c", "import time; time.sleep(60)"])
    made.cluster.start()
    yield made
    made.cluster.kill()


def has_run_for(supervisor: Supervisor, seconds: float, *, silent_for: timedelta | None = None) -> bool:
    """Have the cluster be so old, with its last sign of life so long ago; tell whether it may go on."""
    if supervisor.cluster.stopped():
        supervisor.cluster.start()
    supervisor.cluster.started_at -= seconds
    now = timezone.now()
    heartbeat = None if silent_for is None else now - silent_for
    Worker.objects.update_or_create(name=supervisor.name, defaults={"started_at": now, "heartbeat_at": heartbeat})
    supervisor._watch()
    return not supervisor.cluster.stopped()


def test_a_cluster_that_still_starts_may_be_silent_for_longer(supervisor):
    assert SILENT.total_seconds() < STARTING
    assert has_run_for(supervisor, STARTING - 1)
    assert not has_run_for(supervisor, 2)


def test_a_cluster_that_has_lived_may_not(supervisor):
    assert has_run_for(supervisor, 20, silent_for=SILENT - MOMENT)
    assert not has_run_for(supervisor, 1, silent_for=SILENT + MOMENT)


def test_each_cluster_that_did_not_come_up_gives_the_next_one_longer(supervisor):
    given = STARTING
    for _ in range(5):
        assert has_run_for(supervisor, given - 1)
        assert not has_run_for(supervisor, 2)
        given = min(given * 2, LONGEST_STARTING)
    assert given == LONGEST_STARTING


def test_a_sign_of_life_of_the_cluster_before_counts_for_nothing(supervisor):
    """It came before this one started, which therefore still starts."""
    assert has_run_for(supervisor, STARTING - 1, silent_for=timedelta(seconds=STARTING) + MOMENT)
    assert not has_run_for(supervisor, 2, silent_for=timedelta(minutes=1))


def test_an_outage_of_the_database_is_no_fault_of_the_cluster(supervisor):
    supervisor.outage_at = supervisor.cluster.started_at
    assert has_run_for(supervisor, 60)
    assert has_run_for(supervisor, 60, silent_for=timedelta(seconds=60))


def test_a_cluster_whose_processes_are_all_at_work_may_be_silent(supervisor, monkeypatch):
    monkeypatch.setattr(dispatch, "pool_size", lambda: 2)
    engine.start(three_steps, {"start": 1})
    engine.send("letters", "x")
    assert runs.claim(f"{supervisor.name}:1", limit=1)
    assert messages.claim(get_consumer("letters"), f"{supervisor.name}:2/a")
    assert has_run_for(supervisor, 60, silent_for=SILENT + MOMENT)
    messages.expire(f"{supervisor.name}:2")
    assert not has_run_for(supervisor, 0, silent_for=SILENT + MOMENT)


def test_what_a_replaced_cluster_held_is_free_at_the_next_look(supervisor):
    engine.start(three_steps, {"start": 1})
    engine.send("letters", "x")
    assert runs.claim(f"{supervisor.name}:1", limit=1)
    assert messages.claim(get_consumer("letters"), f"{supervisor.name}:1/a")
    assert not has_run_for(supervisor, 20, silent_for=SILENT + MOMENT)
    supervisor._watch()
    assert runs.claim("two", limit=1)
    assert messages.claim(get_consumer("letters"), "two/a")


def hold(name: str) -> None:
    """Have a supervisor of that name, with a run and a message in a worker's hand."""
    Worker.objects.create(name=name, started_at=timezone.now(), heartbeat_at=timezone.now())
    engine.start(three_steps, {"start": 1})
    engine.send("letters", "x")
    assert runs.claim(f"{name}:99", limit=1)
    assert messages.claim(get_consumer("letters"), f"{name}:99/a")


def are_free() -> bool:
    """Is what `hold` held to be had?"""
    return bool(runs.claim("two:1", limit=1)) and bool(messages.claim(get_consumer("letters"), "two:1/a"))


def dead_process() -> int:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    return gone.pid


def test_the_leases_of_a_killed_supervisor_end_when_another_one_starts(supervisor):
    name = f"{HOST}-{dead_process()}-abc123"
    hold(name)
    assert not are_free()
    supervisor._watch()
    assert are_free()
    assert not Worker.objects.filter(name=name).exists()


def test_a_supervisor_that_had_the_number_of_this_process_is_dead(supervisor):
    """In a container that is started anew every process has the number it had before."""
    hold(f"{HOST}-{os.getpid()}-abc123")
    supervisor._watch()
    assert are_free()


@pytest.mark.parametrize("name", ["{host}-{alive}", "{host}-{dead}-{dead}", "{host}-blue-{dead}", "other-{dead}"])
def test_the_leases_of_other_supervisors_are_left_alone(supervisor, name):
    """Of one that is alive, and of those on other machines, whose names may begin as this one's."""
    name = name.format(host=HOST, alive=os.getppid(), dead=dead_process()) + "-abc123"
    hold(name)
    supervisor._watch()
    assert not are_free()
    assert Worker.objects.filter(name=name).exists()


def test_a_supervisor_buries_once(supervisor):
    """Where two machines have one name, each takes the other for dead; they must not go on doing that."""
    supervisor._watch()
    hold(f"{HOST}-{dead_process()}-abc123")
    Worker.objects.filter(name=supervisor.name).delete()
    supervisor._watch()
    assert not are_free()


def test_workers_that_are_gone_for_days_are_forgotten(supervisor):
    before = timezone.now() - timedelta(days=2)
    Worker.objects.create(name="other-1-abc123", started_at=before, heartbeat_at=before)
    Worker.objects.create(name="other-2-abc123", started_at=before, heartbeat_at=timezone.now())
    supervisor._watch()
    assert set(Worker.objects.values_list("name", flat=True)) == {"other-2-abc123", supervisor.name}
