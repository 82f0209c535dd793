"""Queues, dead letters, schedules, workers, and the front page."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.workflows.admin.test_console import address, said
from tests.workflows.definitions import three_steps
from workflows import engine
from workflows.admin.charts import chart
from workflows.core import clock
from workflows.core.definitions import get_consumer
from workflows.models import Firing, Message, QueueState, Run, Schedule, Worker
from workflows.testing import advance, run_until_idle
from workflows.transitions import counters, messages, runs, schedules

pytestmark = pytest.mark.django_db


@pytest.fixture
def dead() -> list[int]:
    """Three dead letters."""
    for _number in range(3):
        engine.send("letters", "never")
    run_until_idle()
    return list(Message.objects.dead().values_list("pk", flat=True))


def queue(client, name: str):
    return next(found for found in client.get(address("queuestate")).context["queues"] if found.name == name)


def test_queues_say_how_they_are(viewer, sign_in, dead):
    engine.send("letters", "fine")
    run_until_idle()
    counters.flush()
    engine.send("letters", "waits")
    engine.send("letters", "waits too")
    advance(timedelta(minutes=3))
    found = queue(sign_in(viewer), "letters")
    assert (found.depth, found.in_flight, found.dead, found.acknowledged_last_hour) == (2, 0, 3, 1)
    assert timedelta(minutes=3) <= found.oldest < timedelta(minutes=4)


def test_what_is_in_flight_is_no_longer_waiting(viewer, sign_in):
    engine.send("letters", 1)
    engine.send("letters", 2, delay=timedelta(hours=1))
    messages.claim(get_consumer("letters"), "here-1:7/x")
    client = sign_in(viewer)
    found = queue(client, "letters")
    assert (found.depth, found.in_flight, found.oldest) == (1, 1, timedelta(0))
    states = [message.claim for message in client.get(f"{address('message')}?state=flight").context["cl"].result_list]
    assert states == ["here-1:7/x"]


def test_a_queue_is_paused_and_resumed(operator, sign_in):
    client = sign_in(operator)
    assert said(client.post(address("queuestate", "letters", "pause"), follow=True)) == ["The queue was paused."]
    assert said(client.post(address("queuestate", "letters", "pause"), follow=True)) == [
        "The queue was already paused."
    ]
    assert QueueState.objects.get().paused_by == operator
    assert "by Olga" in client.get(address("queuestate")).content.decode()
    assert "Queue letters is paused" in client.get("/admin/workflows/").content.decode()
    assert said(client.post(address("queuestate", "letters", "resume"), follow=True)) == ["The queue was resumed."]


def test_messages_of_code_that_is_gone_are_a_queue_too(viewer, sign_in):
    Message.objects.create(queue="gone", body="1", sent_at=clock.now(), available_at=clock.now(), due_at=clock.now())
    client = sign_in(viewer)
    assert queue(client, "gone").consumer is None
    assert "Queue gone has no consumer in this code" in client.get("/admin/workflows/").content.decode()


@pytest.mark.parametrize(
    ("query", "count"),
    [({"state": "dead"}, 3), ({"state": "waiting"}, 1), ({"state": "acknowledged"}, 1), ({"queue": "letters"}, 5),
     ({"queue": "narrow"}, 0), ({"q": "key-1"}, 1), ({"q": "no such"}, 0), ({"state": "x"}, 5)],
)  # fmt: skip
def test_messages_are_filtered_and_searched(viewer, sign_in, dead, query, count):
    engine.send("letters", "fine")
    run_until_idle()
    engine.send("letters", "later", idempotency_key="key-1", delay=timedelta(hours=1))
    assert sign_in(viewer).get(address("message"), query).context["cl"].result_count == count


def test_dead_letters_are_replayed_and_dropped_by_selection(operator, sign_in, dead):
    client, url = sign_in(operator), address("message")
    response = client.post(url, {"action": "replay_all", "_selected_action": dead[:2]}, follow=True)
    assert said(response) == ["Done, 2 rows."]
    assert Message.objects.dead().count() == 1
    data = {"action": "drop_all", "_selected_action": dead}
    assert "deleted and never delivered" in client.post(url, data).content.decode()
    assert Message.objects.dead().count() == 1
    texts = said(client.post(url, data | {"confirmed": "1"}, follow=True))
    assert texts[0] == "Done, 1 row."
    assert len(texts) == 3  # two are no longer dead
    assert Message.objects.count() == 2


def test_one_dead_letter_has_its_errors_and_verbs(operator, sign_in, dead):
    client, pk = sign_in(operator), dead[0]
    page = client.get(address("message", pk)).content.decode()
    assert "NonRetryable" in page
    assert "this one never" in page
    answer = client.post(address("message", pk, "replay"), follow=True)
    assert answer.redirect_chain == [(address("message", pk), 302)]
    assert "is no dead letter" in said(client.post(address("message", pk, "replay"), follow=True))[0]
    answer = client.post(address("message", dead[1], "drop"), {"confirmed": "1"}, follow=True)
    assert answer.redirect_chain == [(address("message"), 302)]


def test_schedules_are_switched_and_fired(operator, sign_in):
    client = sign_in(operator)
    assert "known once a worker starts" in client.get(address("schedule")).content.decode()
    schedules.sync()
    assert said(client.post(address("schedule", "hourly", "off"), follow=True)) == ["The schedule was switched off."]
    assert Schedule.objects.get(pk="hourly").disabled_by == operator
    assert "Schedule hourly is switched off" in client.get("/admin/").content.decode()
    assert said(client.post(address("schedule", "hourly", "off"), follow=True)) == ["The schedule was already off."]
    assert said(client.post(address("schedule", "hourly", "on"), follow=True)) == ["The schedule was switched on."]
    text = said(client.post(address("schedule", "hourly", "fire"), follow=True))[0]
    run = Firing.objects.get().run
    assert address("run", run.pk) in text
    page = client.get(address("schedule", "hourly")).content.decode()
    assert run.pk in page
    assert "0 * * * * UTC" in page


def test_schedules_of_code_that_is_gone_are_shown_without_verbs(operator, sign_in):
    Schedule.objects.create(pk="gone", definition="every 1:00:00")
    client = sign_in(operator)
    assert "not in this code" in client.get(address("schedule")).content.decode()
    assert "/do/" not in client.get(address("schedule", "gone")).content.decode()
    assert client.get(address("schedule", "never was")).status_code == 404


def test_workers_show_what_they_hold(viewer, sign_in):
    now = timezone.now()
    Worker.objects.create(name="here-1", started_at=now, heartbeat_at=now)
    Worker.objects.create(name="there-2", started_at=now, heartbeat_at=now - timedelta(hours=1))
    engine.start(three_steps, {"start": 1}, id="held-1")
    runs.claim("here-1:77", limit=1)
    engine.send("letters", 1)
    engine.send("letters", 2)
    messages.claim(get_consumer("letters"), "dead-3:78/token")
    page = sign_in(viewer).get(address("worker")).content.decode()
    for text in ("here-1", "process 77", "held-1", "silent", "dead-3", "process 78: 2 messages of letters", "gone"):
        assert text in page


def test_the_front_page_says_what_needs_attention(viewer, sign_in, dead):
    client = sign_in(viewer)
    assert "No worker is running" in client.get("/admin/workflows/").content.decode()
    now = timezone.now()
    Worker.objects.create(name="here-1", started_at=now, heartbeat_at=now)
    Worker.objects.create(name="there-2", started_at=now, heartbeat_at=now - timedelta(hours=1))
    engine.start("three_steps", {"start": 1})
    engine.send("letters", "waits")
    advance(timedelta(minutes=2))
    Run.objects.create(pk="f", workflow="w", version=1, status="failed", input="{}", created_at=now, finished_at=now)
    page = client.get("/admin/workflows/").content.decode()
    for text in (
        "1 worker has gone silent",
        "1 run is more than a minute late",
        "1 run of the last 7 days failed",
        "3 dead letters in letters",
        "Queue letters is more than a minute late",
    ):
        assert text in page
    assert "No worker is running" not in page


def test_the_front_page_is_content_when_all_is_well(viewer, sign_in):
    Worker.objects.create(name="here-1", started_at=timezone.now(), heartbeat_at=timezone.now())
    page = sign_in(viewer).get("/admin/workflows/").content.decode()
    assert "Nothing needs attention" in page
    assert "Background work" in sign_in(viewer).get("/admin/").content.decode()


def test_charts_show_what_workers_counted(viewer, sign_in, dead):
    engine.start(three_steps, {"start": 1})
    run_until_idle()
    counters.flush()
    page = sign_in(viewer).get("/admin/workflows/").content.decode()
    assert 'aria-label="Runs, last hour: 1 succeeded, 0 failed"' in page
    assert 'aria-label="Messages, last 24 hours: 0 acknowledged, 0 failed, tried again, 3 dead letters"' in page
    assert " style=" not in page.split('id="content"')[1]


def test_a_chart_stacks_its_series_from_the_bottom():
    now = timezone.now().replace(second=30)
    minute = now.replace(second=0, microsecond=0)
    counts = [("good", minute, 3), ("bad", minute, 1), ("good", minute - timedelta(minutes=2), 2),
              ("good", minute - timedelta(hours=1), 9), ("other", minute, 5)]  # fmt: skip
    drawn = chart(counts, series=["good", "bad"], now=now, every=timedelta(minutes=1), bars=3)
    assert (drawn.totals, drawn.highest, drawn.width) == ({"good": 5, "bad": 1}, 4, 28)
    assert [(part.y, part.height) for part in drawn.bars[2].parts] == [(25, 75), (0, 25)]
    assert [(part.y, part.height) for part in drawn.bars[0].parts] == [(50, 50)]
    assert drawn.bars[1].parts == []
