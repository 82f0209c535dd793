from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from django_q.models import OrmQ

from workflows.dispatch import enqueue, is_waiting

pytestmark = pytest.mark.django_db


@pytest.mark.django_db(transaction=True)
def test_a_job_exists_exactly_when_its_cause_does():
    with transaction.atomic():
        enqueue("workflows.tasks.beat")
        transaction.set_rollback(True)
    assert not OrmQ.objects.exists()
    with transaction.atomic():
        enqueue("workflows.tasks.beat")
    assert OrmQ.objects.count() == 1


def test_a_job_may_wait():
    enqueue("workflows.tasks.beat", delay=timedelta(minutes=5))
    job = OrmQ.objects.get()
    assert timedelta(minutes=4) < job.lock - timezone.now() <= timedelta(minutes=5)


def test_a_job_carries_its_arguments():
    enqueue("accounts.tasks.deliver_mail", message={"to": "alice@example.com"}, key="k")
    assert OrmQ.objects.get().task["kwargs"] == {"message": {"to": "alice@example.com"}, "key": "k"}


def test_a_job_waits_until_it_is_acknowledged():
    job = enqueue("workflows.tasks.beat")
    assert is_waiting(job)
    OrmQ.objects.get(pk=job).delete()
    assert not is_waiting(job)
