from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone
from django_q.models import Failure, OrmQ

from workflows.dispatch import enqueue
from workflows.models import Worker

pytestmark = pytest.mark.django_db
SECRET = "sample-reset-link"


@pytest.fixture
def jobs():
    enqueue("accounts.tasks.deliver_mail", message={"text": SECRET}, key="k")
    now = timezone.now()
    Failure.objects.create(
        id="f" * 32, name="n", func="accounts.tasks.deliver_mail", kwargs={"message": {"text": SECRET}},
        started=now, stopped=now, success=False, result="refused",
    )  # fmt: skip
    Worker.objects.create(name="here-1", started_at=now, heartbeat_at=now - timedelta(hours=1))


@pytest.mark.parametrize("model", ["ormq", "failure"])
def test_operators_see_jobs_but_not_what_they_carry(jobs, staff, sign_in, model):
    client = sign_in(staff)
    listing = client.get(f"/admin/django_q/{model}/").content.decode()
    assert "accounts.tasks.deliver_mail" in listing
    row = {"ormq": OrmQ, "failure": Failure}[model].objects.get()
    page = client.get(f"/admin/django_q/{model}/{row.pk}/change/")
    assert page.status_code == 200
    assert SECRET not in listing + page.content.decode()


@pytest.mark.parametrize("model", ["schedule", "success"])
def test_what_could_run_any_function_is_not_there(staff, sign_in, model):
    assert sign_in(staff).get(f"/admin/django_q/{model}/").status_code == 404


def test_workers_are_shown_and_cannot_be_changed(jobs, staff, sign_in):
    client = sign_in(staff)
    assert "here-1" in client.get("/admin/workflows/worker/").content.decode()
    assert client.get("/admin/workflows/worker/add/").status_code == 403


def test_viewers_need_the_permission(jobs, make_user, sign_in):
    viewer = make_user("Vera", is_staff=True)
    assert sign_in(viewer).get("/admin/django_q/failure/").status_code == 403
    viewer.user_permissions.add(Permission.objects.get(codename="view_failure"))
    assert sign_in(viewer).get("/admin/django_q/failure/").status_code == 200
