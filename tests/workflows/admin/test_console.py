"""The console as a whole: who may look, who may act, what its lists cost."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.workflows import definitions
from tests.workflows.definitions import sleeping, three_steps, waiting
from workflows import engine
from workflows.admin import base
from workflows.models import AuditLine, Message, QueueState, Run, Worker
from workflows.testing import run_until_idle
from workflows.transitions import schedules, steering

pytestmark = pytest.mark.django_db

LISTS = ["run", "queuestate", "message", "schedule", "worker", "auditline"]


def address(model: str, pk: object = None, verb: str = "") -> str:
    if pk is None:
        return reverse(f"admin:workflows_{model}_changelist")
    return reverse(f"admin:workflows_{model}_{'do' if verb else 'change'}", args=[pk, verb] if verb else [pk])


def said(response) -> list[str]:
    return [str(message) for message in response.context["messages"]]


@pytest.fixture
def things():
    """One of everything that a verb can be posted to."""
    engine.start(waiting, {}, id="onboarding-7")
    engine.send("letters", "never")
    run_until_idle()
    schedules.sync()
    Worker.objects.create(name="here-1", started_at=timezone.now(), heartbeat_at=timezone.now())
    return {"run": "onboarding-7", "message": Message.objects.get().pk, "queuestate": "letters", "schedule": "prune"}


VERBS = [
    ("run", "pause"),
    ("run", "cancel"),
    ("run", "send_event"),
    ("message", "replay"),
    ("message", "drop"),
    ("queuestate", "pause"),
    ("schedule", "off"),
    ("schedule", "fire"),
]


@pytest.mark.parametrize("model", ["schedule", "success", "failure", "ormq"])
def test_what_could_run_any_function_is_not_there(staff, sign_in, model):
    assert sign_in(staff).get(f"/admin/django_q/{model}/").status_code == 404


@pytest.mark.parametrize("model", LISTS)
def test_everything_is_shown_to_those_who_may_only_look(viewer, sign_in, things, model):
    client = sign_in(viewer)
    assert client.get(address(model)).status_code == 200
    assert client.get(f"{address(model)}add/").status_code == 403
    if model in things:
        assert client.get(address(model, things[model]), follow=True).status_code == 200


@pytest.mark.parametrize(("model", "verb"), VERBS)
def test_those_who_may_only_look_change_nothing(viewer, sign_in, things, model, verb):
    client = sign_in(viewer)
    url = address(model, things[model], verb)
    before = AuditLine.objects.count()
    assert client.post(url, {"confirmed": "1", "type": "approved"}).status_code == 403
    assert client.post(address(model), {"action": "cancel_all", "_selected_action": things[model]}).status_code == 403
    assert AuditLine.objects.count() == before
    page = client.get(address(model, things[model]), follow=True).content.decode()
    assert "/do/" not in page


@pytest.mark.parametrize(("model", "verb"), VERBS)
def test_verbs_are_posted(operator, alice, client, sign_in, things, model, verb):
    url = address(model, things[model], verb)
    assert sign_in(operator).get(url).status_code == 405
    assert sign_in(alice).post(url).status_code in {302, 403, 404}  # a member
    assert client.post(url).status_code == 302  # to sign in
    assert not AuditLine.objects.filter(verb__in=["pause", "cancel", "replay", "drop", "fire"]).exists()


@pytest.mark.parametrize("model", ["run", "message", "queuestate", "schedule"])
def test_a_verb_that_does_not_exist_is_not_found(operator, sign_in, things, model):
    assert sign_in(operator).post(address(model, things[model], "explode")).status_code == 404


@pytest.mark.parametrize(("model", "verb"), [pair for pair in VERBS if pair != ("run", "send_event")])
def test_ids_that_do_not_exist_are_refused_in_words(operator, sign_in, model, verb):
    pk = "123456" if model == "message" else "nope"
    response = sign_in(operator).post(address(model, pk, verb), {"confirmed": "1"}, follow=True)
    assert response.redirect_chain == [(address(model), 302)]
    assert [pk in text for text in said(response)] == [True]


def test_verbs_lead_back_to_where_they_were_posted_from_on_this_site(operator, sign_in, things):
    client = sign_in(operator)
    url = address("queuestate", "letters", "pause")
    assert client.post(url, {"next": "/admin/workflows/"})["Location"] == "/admin/workflows/"
    assert client.post(url, {"next": "//evil.example/"})["Location"] == address("queuestate")


def test_no_page_shows_a_body(operator, sign_in):
    engine.send("letters", {"link": "https://example.com/reset/s3cret"}, idempotency_key="s-1")
    definitions.failing["letters"] = 1
    run_until_idle()
    message = Message.objects.get()
    client = sign_in(operator)
    for url in (address("message"), address("message", message.pk), address("queuestate"), "/admin/workflows/"):
        assert "s3cret" not in client.get(url).content.decode()
    page = client.get(address("message", message.pk)).content.decode()
    assert "letters are broken" in page
    assert "Traceback" in page


@pytest.mark.parametrize(
    ("model", "most"),
    [("run", 6), ("message", 6), ("auditline", 6), ("queuestate", 9), ("schedule", 5), ("worker", 7)],
)
def test_lists_cost_the_same_however_many_rows(
    operator, sign_in, things, django_assert_max_num_queries, django_assert_num_queries, model, most
):
    client = sign_in(operator)
    client.get(address(model))  # permissions and sessions are warm
    with django_assert_max_num_queries(most) as few:
        client.get(address(model))
    for number in range(20):
        run = engine.start(three_steps, {"start": 1}, id=f"more-{number}", by=operator)
        steering.pause(run.pk, by=operator)
        engine.send("letters", "later", delay=timedelta(hours=1))
        Worker.objects.create(name=f"w-{number}", started_at=timezone.now(), heartbeat_at=timezone.now())
        QueueState.objects.create(name=f"gone-{number}", paused_at=timezone.now(), paused_by=operator)
    with django_assert_num_queries(len(few)):
        client.get(address(model))


def test_lists_count_no_further_than_they_lead(operator, sign_in, monkeypatch):
    monkeypatch.setattr(base, "COUNT_TO", 60)
    engine.start_many(sleeping, [{}] * 80)
    client = sign_in(operator)
    page = client.get(address("run"))
    assert page.context["cl"].result_count == 60
    assert len(client.get(f"{address('run')}?p=2").context["cl"].result_list) == 10


def test_the_front_page_costs_the_same_however_much_work(
    operator, sign_in, things, django_assert_max_num_queries, django_assert_num_queries
):
    client = sign_in(operator)
    client.get("/admin/workflows/")
    with django_assert_max_num_queries(16) as few:
        client.get("/admin/workflows/")
    engine.start_many(sleeping, [{}] * 50)
    run_until_idle()
    with django_assert_num_queries(len(few)):
        client.get("/admin/workflows/")


def test_staff_without_a_permission_see_nothing_of_it(make_user, sign_in, things):
    client = sign_in(make_user("Nina", is_staff=True))
    for model in LISTS:
        assert client.get(address(model)).status_code == 403
    assert client.get("/admin/workflows/").status_code == 404
    assert "Background work" not in client.get("/admin/").content.decode()
    assert Run.objects.filter(pk="onboarding-7").exists()
