"""The list of runs and the page of one."""

import html
import re
from datetime import timedelta

import pytest

from tests.workflows import definitions
from tests.workflows.admin.test_console import address, said
from tests.workflows.definitions import everything, parent, retried, secretive, sleeping, three_steps, waiting
from workflows import engine
from workflows.admin import timeline
from workflows.core import clock
from workflows.models import AuditLine, Event, Run
from workflows.testing import advance, run_until_idle
from workflows.transitions import steering

pytestmark = pytest.mark.django_db


def status(pk: str) -> str:
    return Run.objects.get(pk=pk).status


def page_of(client, pk: str) -> str:
    response = client.get(address("run", pk))
    assert response.status_code == 200
    return response.content.decode()


def buttons(client, pk: str) -> set[str]:
    page = page_of(client, pk)
    return {verb for verb in ("pause", "resume", "cancel", "retry", "restart", "send_event") if f"/do/{verb}/" in page}


@pytest.fixture
def failed():
    """A run that failed after three attempts of its only step."""
    definitions.failing["shaky"] = 3
    run = engine.start(retried, {}, id="failed-1")
    for _attempt in range(3):
        run_until_idle()
        advance(timedelta(minutes=5))
    assert status("failed-1") == "failed"
    return run


@pytest.fixture
def ways(failed):
    """Runs in several states."""
    engine.start(waiting, {}, id="waiting-1")
    engine.start(sleeping, {}, id="paused-1")
    engine.start(three_steps, {"start": 1}, id="done-1")
    run_until_idle()
    steering.pause("paused-1")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, {"failed-1", "waiting-1", "paused-1", "done-1"}),
        ({"status": "failed"}, {"failed-1"}),
        ({"status": "succeeded"}, {"done-1"}),
        ({"status": "paused", "workflow": "sleeping"}, {"paused-1"}),
        ({"status": "nonsense"}, {"failed-1", "waiting-1", "paused-1", "done-1"}),
        ({"workflow": "waiting"}, {"waiting-1"}),
        ({"workflow": "gone"}, set()),
        ({"age": "hour"}, {"failed-1", "waiting-1", "paused-1", "done-1"}),
        ({"age": "old"}, set()),
        ({"q": " done-1 "}, {"done-1"}),
        ({"q": "done"}, set()),
        ({"status": "late"}, set()),
    ],
)
def test_the_list_is_filtered_and_searched(viewer, sign_in, ways, query, found):
    response = sign_in(viewer).get(address("run"), query)
    assert {run.pk for run in response.context["cl"].result_list} == found


def test_late_runs_and_those_without_code_are_found(viewer, sign_in):
    engine.start(sleeping, {}, id="late-1")
    then = clock.now()
    Run.objects.create(
        pk="old-1", workflow="removed", version=1, status="queued", input="{}", created_at=then, wake_at=then
    )
    advance(timedelta(minutes=5))
    client = sign_in(viewer)
    late = client.get(address("run"), {"status": "late"}).context["cl"].result_list
    assert {run.pk for run in late} == {"late-1", "old-1"}
    run_until_idle()
    codeless = client.get(address("run"), {"status": "codeless"}).context["cl"].result_list
    assert {run.pk for run in codeless} == {"old-1"}
    assert "1 run is waiting for code that no worker has" in client.get("/admin/workflows/").content.decode()


def test_the_list_says_what_a_run_waits_for_and_how_far_it_is(viewer, sign_in, ways):
    Run.objects.filter(pk="done-1").update(progress_done=3, progress_total=8)
    page = sign_in(viewer).get(address("run")).content.decode()
    assert "event approved until" in page
    assert "3 of 8" in page


def test_a_page_tells_the_whole_story(viewer, sign_in, alice):
    engine.start(everything, {}, id="everything-1", by=alice)
    run_until_idle()
    advance(timedelta(minutes=2))
    run_until_idle()
    steering.send_event("everything-1", "other", "too early", by=alice)
    steering.send_event("everything-1", "approved", "yes", by=alice)
    steering.pause("everything-1", by=alice)
    page = page_of(sign_in(viewer), "everything-1")
    for text in ("now", "transaction", "wait for event", "approved", "too early", "by Alice", "pause"):
        assert text in page
    steering.resume("everything-1")
    run_until_idle()
    page = page_of(sign_in(viewer), "everything-1")
    assert "everything-1.9" in page
    assert "Waiting for <b>sleep later</b> until" in page


def test_attempts_are_shown_with_their_errors(viewer, sign_in, failed):
    page = page_of(sign_in(viewer), "failed-1")
    assert page.count("shaky is broken") >= 3
    assert "attempt 3 of at most 3" in page
    assert page.count("Traceback (most recent call last)") == 4


def test_children_and_parents_lead_to_each_other(viewer, sign_in):
    engine.start(parent, {}, id="parent-1")
    run_until_idle()
    client = sign_in(viewer)
    child = Run.objects.get(parent="parent-1")
    assert address("run", child.pk.replace("_", "_5F")) in page_of(client, "parent-1")
    assert address("run", "parent-1") in page_of(client, child.pk)


def test_what_is_sensitive_is_not_shown(staff, sign_in):
    engine.start(secretive, {"password": "kelp!forest"}, id="secret-1")
    run_until_idle()
    page = page_of(sign_in(staff), "secret-1")
    assert "kelp!forest" not in page
    assert page.count("sensitive, not shown") == 3


def test_large_values_are_cut_and_long_runs_paged(viewer, sign_in, monkeypatch, django_assert_max_num_queries):
    monkeypatch.setattr(timeline, "STEPS", 2)
    monkeypatch.setattr(timeline, "CHARACTERS", 20)
    engine.start(three_steps, {"start": 10**30}, id="long-1")
    run_until_idle()
    client = sign_in(viewer)
    client.get(address("run", "long-1"))
    with django_assert_max_num_queries(13):
        page = page_of(client, "long-1")
    assert "Only the beginning is shown;" in page
    assert 'id="step-1"' in page
    assert 'id="step-2"' not in page
    for asked in ("2", "99", "x"):
        assert client.get(f"{address('run', 'long-1')}?page={asked}").status_code == 200
    assert 'id="step-2"' in client.get(f"{address('run', 'long-1')}?page=2").content.decode()


def test_a_run_that_does_not_exist_is_not_found(viewer, sign_in):
    assert sign_in(viewer).get(address("run", "nope")).status_code == 404
    assert sign_in(viewer).post(address("run", "nope")).status_code == 405


def test_only_verbs_that_apply_have_a_button(operator, viewer, sign_in, ways):
    client = sign_in(operator)
    assert buttons(client, "waiting-1") == {"pause", "cancel", "send_event"}
    assert buttons(client, "paused-1") == {"resume", "cancel", "send_event"}
    assert buttons(client, "failed-1") == {"retry", "restart"}
    assert buttons(client, "done-1") == {"restart"}
    assert buttons(sign_in(viewer), "waiting-1") == set()


def test_pause_and_resume(operator, sign_in, ways):
    client = sign_in(operator)
    assert said(client.post(address("run", "waiting-1", "pause"), follow=True)) == ["The run was paused."]
    assert said(client.post(address("run", "waiting-1", "pause"), follow=True)) == ["The run was already paused."]
    assert status("waiting-1") == "paused"
    assert said(client.post(address("run", "waiting-1", "resume"), follow=True)) == ["The run was resumed."]
    assert AuditLine.objects.filter(verb="pause", subject_id="waiting-1", actor=operator).count() == 1


def test_cancelling_asks_first(operator, sign_in, ways):
    client = sign_in(operator)
    asked = client.post(address("run", "waiting-1", "cancel"))
    assert "can&#x27;t be resumed" in asked.content.decode()
    assert status("waiting-1") == "waiting"
    answer = client.post(address("run", "waiting-1", "cancel"), {"confirmed": "1"}, follow=True)
    assert said(answer) == ["The run was cancelled."]
    assert status("waiting-1") == "cancelled"


def test_retry_and_restart(operator, sign_in, ways):
    client = sign_in(operator)
    assert said(client.post(address("run", "failed-1", "retry"), follow=True)) == ["The run will be retried."]
    run_until_idle()
    assert status("failed-1") == "succeeded"
    text = said(client.post(address("run", "done-1", "restart"), follow=True))[0]
    made = Run.objects.exclude(pk__in=["failed-1", "waiting-1", "paused-1", "done-1"]).get()
    assert address("run", made.pk) in text
    client.post(address("run", "done-1", "restart"), {"from_step": "three"})
    newest = Run.objects.order_by("created_at").last()
    assert list(newest.steps.values_list("key", flat=True)) == ["one", "two"]
    refused = client.post(address("run", "done-1", "restart"), {"from_step": "nine"}, follow=True)
    assert "has no step 'nine'" in said(refused)[-1]


def test_what_a_transition_refuses_is_said(operator, sign_in, ways):
    response = sign_in(operator).post(address("run", "done-1", "pause"), follow=True)
    assert said(response) == [
        "Run done-1 is succeeded, and only runs that are queued or running or waiting can be paused."
    ]
    assert [message.level_tag for message in response.context["messages"]] == ["error"]


def test_events_are_sent_and_bad_ones_explained(operator, sign_in, ways):
    client, url = sign_in(operator), address("run", "waiting-1", "send_event")
    for fields, text in (
        ({"type": "", "payload": ""}, "This field is required"),
        ({"type": "approved", "payload": "[" * 5000}, "This is not JSON"),
        ({"type": "approved", "payload": "{nope"}, "This is not JSON"),
    ):
        answer = client.post(url, fields)
        assert answer.status_code == 200
        assert text in answer.content.decode()
    assert "{nope" in answer.content.decode()
    assert not Event.objects.exists()
    assert said(client.post(url, {"type": "approved", "payload": '{"by": 7}'}, follow=True)) == ["The event was sent."]
    run_until_idle()
    assert status("waiting-1") == "succeeded"
    assert "accepts no more events" in said(client.post(url, {"type": "approved"}, follow=True))[0]


def test_many_are_acted_on_at_once(operator, sign_in, ways):
    client, everyone = sign_in(operator), ["waiting-1", "done-1", "failed-1"]
    response = client.post(address("run"), {"action": "pause_all", "_selected_action": everyone}, follow=True)
    texts = said(response)
    assert texts[0] == "Done, 1 row."
    assert len(texts) == 3
    assert status("waiting-1") == "paused"


def test_cancelling_many_asks_first(operator, sign_in, ways):
    client, data = sign_in(operator), {"action": "cancel_all", "_selected_action": ["waiting-1", "paused-1"]}
    asked = client.post(address("run"), data).content.decode()
    assert "2 rows" in asked
    assert 'name="_selected_action" value="waiting-1"' in asked
    assert status("waiting-1") == "waiting"
    client.post(address("run"), data | {"confirmed": "1"})
    assert {status("waiting-1"), status("paused-1")} == {"cancelled"}


@pytest.mark.parametrize("pk", ["it's/odd ü #?&", "a_b:c", "<b>"])
def test_odd_ids_have_a_page_and_verbs(operator, sign_in, pk):
    engine.start(waiting, {}, id=pk)
    run_until_idle()
    client = sign_in(operator)
    url = page_links(client.get(address("run")).content.decode(), "/change/")[0]
    client.post(page_links(client.get(url).content.decode(), "/do/pause/")[0])
    assert status(pk) == "paused"


def page_links(page: str, end: str) -> list[str]:
    """Return the addresses in the page that have the end."""
    return [
        found for found in map(html.unescape, re.findall(r'(?:href|action)="([^"]*)"', page)) if found.endswith(end)
    ]
