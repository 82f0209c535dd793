"""Counters over processes, and /metrics."""

import re
from datetime import timedelta

import pytest
from django.db import DatabaseError
from django.utils import timezone

from tests.workflows import definitions
from tests.workflows.definitions import retried, sleeping, three_steps
from workflows import engine
from workflows.core import clock, emit
from workflows.models import EVER, Counter, Run, Worker
from workflows.monitoring.metrics import CONTENT_TYPE
from workflows.testing import advance, run_until_idle
from workflows.transitions import counters, messages
from workflows.worker.working import Hands, Heart, work

pytestmark = pytest.mark.django_db


def value(name: str, label: str = "") -> int:
    return sum(Counter.objects.filter(name=name, label=label, minute_at=EVER).values_list("value", flat=True))


@pytest.fixture
def scrape(sign_in, viewer):
    """Return a function that reads /metrics into a dictionary of samples."""
    client = sign_in(viewer)

    def read() -> dict[str, float]:
        counters.flush()
        response = client.get("/metrics")
        assert (response.status_code, response["Content-Type"]) == (200, CONTENT_TYPE)
        lines = [line for line in response.content.decode().splitlines() if not line.startswith("#")]
        assert all(re.fullmatch(r'[a-z_]+(\{([a-z]+="[^"]*",?)*\})? -?[0-9.e-]+', line) for line in lines)
        return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines}

    return read


def test_what_processes_count_adds_up():
    for _process in range(3):
        emit.emit("run.succeeded", workflow="a", count=2)
        emit.emit("run.failed", workflow="b")
        counters.flush()
    assert (value("run.succeeded", "a"), value("run.failed", "b")) == (6, 3)
    advance(timedelta(minutes=1))
    emit.emit("run.succeeded", workflow="a")
    counters.flush()
    by_minute = Counter.objects.filter(name="run.succeeded", minute_at__gt=EVER).order_by("minute_at")
    assert list(by_minute.values_list("value", flat=True)) == [6, 1]


def test_nothing_to_count_costs_no_query(django_assert_num_queries):
    with django_assert_num_queries(0):
        counters.flush()
        emit.emit("steering.looked")
        counters.flush()


def test_a_flush_that_fails_is_made_up_for(monkeypatch):
    emit.emit("run.succeeded", workflow="a")
    with monkeypatch.context() as patch:
        patch.setattr(counters, "_ADD", "INSERT INTO nowhere {ROWS}")
        with pytest.raises(DatabaseError), counters.transaction.atomic():
            counters.flush()
    emit.emit("run.succeeded", workflow="a")
    counters.flush()
    assert value("run.succeeded", "a") == 2


def test_minutes_are_forgotten_after_a_day(monkeypatch):
    emit.emit("run.succeeded", workflow="a")
    counters.flush()
    advance(timedelta(hours=26))
    monkeypatch.setattr(counters, "_pruned_at", -1e9)
    emit.emit("run.succeeded", workflow="a")
    counters.flush()
    assert Counter.objects.filter(minute_at__gt=EVER).count() == 1
    assert value("run.succeeded", "a") == 2


def test_durations_fall_into_buckets():
    for seconds in (0.004, 0.005, 0.2, 1e6, -1):
        emit.observe("step", seconds, workflow="a")
    counters.flush()
    assert value("step.le.0.005", "a") == 3
    assert value("step.le.0.25", "a") == 1
    assert value("step.le.inf", "a") == 1
    assert value("step.microseconds", "a") == 1_000_000_209_000


def test_the_heart_flushes_about_once_a_second_and_a_worker_at_its_end(monkeypatch):
    heart = Heart(Hands("here"), lambda: False)
    monkeypatch.setattr(counters, "_flushed_at", -1e9)
    emit.emit("run.succeeded", workflow="a")
    heart.beat()
    assert value("run.succeeded", "a") == 1
    emit.emit("run.succeeded", workflow="a")
    heart.beat()
    assert value("run.succeeded", "a") == 1
    work(Hands("here"), stopping=lambda: True, until=0)
    assert value("run.succeeded", "a") == 2


def test_runs_and_steps(scrape):
    definitions.failing["shaky"] = 3
    engine.start(three_steps, {"start": 1})
    engine.start(retried, {})
    engine.start(sleeping, {})
    for _attempt in range(4):
        run_until_idle()
        advance(timedelta(minutes=4))
    found = scrape()
    assert found['holdfast_runs{workflow="retried",status="failed"}'] == 1
    assert found['holdfast_runs{workflow="sleeping",status="waiting"}'] == 1
    assert found['holdfast_runs_finished_total{workflow="three_steps",status="succeeded"}'] == 1
    assert found['holdfast_runs_finished_total{workflow="retried",status="failed"}'] == 1
    assert found['holdfast_attempts_unsuccessful_total{workflow="retried",outcome="failed"}'] == 3
    assert found['holdfast_step_duration_seconds_count{workflow="three_steps"}'] == 3
    assert found['holdfast_step_duration_seconds_bucket{workflow="three_steps",le="+Inf"}'] == 3
    assert 0 < found['holdfast_step_duration_seconds_sum{workflow="three_steps"}'] < 60
    assert found["holdfast_start_lateness_seconds_count"] == 3


def test_buckets_are_cumulative(scrape):
    for seconds in (0.001, 0.3, 400):
        emit.observe("late", seconds)
    found = scrape()
    bounds = [f'holdfast_start_lateness_seconds_bucket{{le="{bound}"}}' for bound in ("0.005", "0.5", "300", "+Inf")]
    assert [found[bound] for bound in bounds] == [1, 2, 2, 3]


def test_lateness_is_what_nobody_has_claimed_yet(scrape):
    assert scrape()["holdfast_due_lateness_seconds"] == 0
    engine.start(sleeping, {})
    advance(timedelta(minutes=5))
    assert 300 <= scrape()["holdfast_due_lateness_seconds"] < 330


def test_queues(scrape):
    engine.send("letters", "never")
    run_until_idle()
    engine.send("letters", "again")
    run_until_idle()
    engine.send("letters", "waits")
    messages.pause("narrow")
    advance(timedelta(minutes=2))
    found = scrape()
    assert found['holdfast_queue_depth{queue="letters"}'] == 2
    assert 120 <= found['holdfast_queue_oldest_age_seconds{queue="letters"}'] < 150
    assert found['holdfast_queue_dead_letters{queue="letters"}'] == 1
    assert found['holdfast_queue_in_flight{queue="letters"}'] == 0
    assert found['holdfast_queue_paused{queue="narrow"}'] == 1
    assert found['holdfast_messages_total{queue="letters",outcome="dead"}'] == 1
    assert found['holdfast_messages_total{queue="letters",outcome="retried"}'] == 1


def test_workers(scrape):
    now = timezone.now()
    Worker.objects.create(name='he said "hi"', started_at=now, heartbeat_at=now - timedelta(seconds=90))
    Worker.objects.create(name="here-1", started_at=now, heartbeat_at=now)
    Worker.objects.create(name="starts", started_at=now)
    Worker.objects.filter(name__startswith="he ").update(name="there-2")
    found = scrape()
    assert 90 <= found['holdfast_worker_heartbeat_age_seconds{worker="there-2"}'] < 120
    assert found["holdfast_workers_alive"] == 1
    assert 'holdfast_worker_heartbeat_age_seconds{worker="starts"}' not in found


def test_labels_are_escaped(viewer, sign_in):
    Run.objects.create(pk="q", workflow='a"b\\c', version=1, status="queued", input="{}", created_at=clock.now())
    page = sign_in(viewer).get("/metrics").content.decode()
    assert 'holdfast_runs{workflow="a\\"b\\\\c",status="queued"} 1' in page


def test_a_scrape_costs_the_same_however_much_work(viewer, sign_in, django_assert_num_queries):
    client = sign_in(viewer)
    client.get("/metrics")
    with django_assert_num_queries(19):
        client.get("/metrics")
    engine.start_many(sleeping, [{}] * 50)
    engine.send_batch("letters", list(range(20)))
    with django_assert_num_queries(19):
        client.get("/metrics")


def test_the_token_lets_in(client, settings):
    settings.METRICS_TOKEN = "kelp"
    assert client.get("/metrics", headers={"Authorization": "Bearer kelp"}).status_code == 200
    assert client.get("/metrics", headers={"Authorization": "bearer  kelp "}).status_code == 200
    for wrong in ("Bearer kel", "Bearer kelp forest", "Bearer ", "Basic kelp", "kelp", "", "Bearer \udcff", "Bearer ü"):
        answer = client.get("/metrics", headers={"Authorization": wrong})
        assert answer.status_code == 403
        assert "METRICS_TOKEN" in answer.content.decode()


def test_without_a_token_nothing_is_one(client, settings):
    settings.METRICS_TOKEN = ""
    for header in ("Bearer ", "Bearer", ""):
        assert client.get("/metrics", headers={"Authorization": header}).status_code == 403


def test_only_staff_who_may_view_runs_scrape(client, alice, make_user, staff, viewer, sign_in):
    nina = make_user("Nina", is_staff=True)
    assert [sign_in(user).get("/metrics").status_code for user in (staff, viewer, alice, nina)] == [200, 200, 403, 403]
    assert client.get("/metrics").status_code == 403
    assert sign_in(viewer).post("/metrics").status_code == 405
