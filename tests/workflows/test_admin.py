from datetime import timedelta

import pytest
from django.utils import timezone

from workflows.models import Worker

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("model", ["schedule", "success", "failure", "ormq"])
def test_what_could_run_any_function_is_not_there(staff, sign_in, model):
    assert sign_in(staff).get(f"/admin/django_q/{model}/").status_code == 404


def test_workers_are_shown_and_cannot_be_changed(staff, sign_in):
    now = timezone.now()
    Worker.objects.create(name="here-1", started_at=now, heartbeat_at=now - timedelta(hours=1))
    client = sign_in(staff)
    assert "here-1" in client.get("/admin/workflows/worker/").content.decode()
    assert client.get("/admin/workflows/worker/add/").status_code == 403
