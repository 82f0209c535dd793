"""The only module that hands work to django-q2 (the worker pool) and knows how."""

from datetime import timedelta
from typing import Any

from django.utils import timezone
from django_q.brokers.orm import ORM
from django_q.exceptions import TimeoutException
from django_q.models import OrmQ
from django_q.tasks import async_task

JobTimeout = TimeoutException
"""Raised inside a job that takes longer than Q_CLUSTER["timeout"]; no Exception, so name it to clean up after it."""


class DelayedBroker(ORM):  # type: ignore[misc]
    """django-q2's database broker for one job, which becomes visible after `delay`."""

    delay = timedelta(0)
    job = 0

    def enqueue(self, task: str) -> int:
        package = self.get_connection().create(key=self.list_key, payload=task, lock=timezone.now() + self.delay)
        self.job = int(package.pk)
        return self.job


def enqueue(func: str, *, delay: timedelta = timedelta(0), **kwargs: Any) -> int:
    """Have a worker call `func` (a dotted path) with `kwargs`, not before `delay` has passed.

    The job is a row written in the caller's transaction: if that rolls back there is no job, and once it commits the
    job is done at least once, whichever process dies. A job that raises is kept as a failure and not repeated.
    Returns the job's id.
    """
    broker = DelayedBroker()
    broker.delay = delay
    async_task(func, broker=broker, **kwargs)
    return broker.job


def is_waiting(job: int) -> bool:
    """Is the job neither done nor failed yet?"""
    return bool(OrmQ.objects.filter(pk=job).exists())
