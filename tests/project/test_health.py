from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from workflows.models import Worker

pytestmark = [pytest.mark.cache, pytest.mark.django_db]


def test_healthz_needs_nothing_but_the_process(django_assert_num_queries):
    with django_assert_num_queries(0):
        response = Client().get("/healthz", headers={"host": "10.0.0.7"})
    assert response.status_code == 200
    assert response.json() == {"status": "ok"}


def test_health_is_answered_over_http_when_pages_are_https(settings):
    settings.SECURE_SSL_REDIRECT = True
    assert Client().get("/healthz").status_code == 200


def test_readyz_names_each_part_and_reports_a_missing_worker_without_failing():
    response = Client().get("/readyz")
    assert response.status_code == 200
    parts = {"database": "ok", "cache": "ok", "storage": "ok", "worker": "missing"}
    assert response.json() == {"status": "ok", "parts": parts}


@pytest.mark.parametrize(("age", "state"), [(timedelta(0), "ok"), (timedelta(minutes=5), "missing")])
def test_readyz_knows_a_worker_by_its_heartbeat(age, state):
    now = timezone.now()
    Worker.objects.create(name="worker", started_at=now, heartbeat_at=now - age)
    assert Client().get("/readyz").json()["parts"]["worker"] == state


@pytest.mark.parametrize(
    ("part", "broken"),
    [("database", "project.health.connection.cursor"), ("cache", "project.health.cache.add"),
     ("storage", "django.core.files.storage.FileSystemStorage.save")],
)  # fmt: skip
def test_readyz_is_503_where_pages_cannot_work(monkeypatch, part, broken):
    def fail(*_args, **_kwargs):
        raise OSError("out of order")

    monkeypatch.setattr(broken, fail)
    response = Client().get("/readyz")
    assert response.status_code == 503
    assert response.json()["parts"][part] == "failed"
