"""Plain django-q2 on the same database: tasks in its ORM broker, tuned as bench/settings_plain.py says."""

import time

from django_q.brokers.orm import ORM
from django_q.models import OrmQ
from django_q.tasks import async_task

from bench.crew import Program, wait_for
from bench.place import Place
from bench.rows import Baseline

NAME = "plain"


def cluster(place: Place) -> Program:
    return Program(place, "qcluster", DJANGO_SETTINGS_MODULE="bench.settings_plain")


def enqueue(count: int, function: str) -> None:
    broker = ORM(NAME)
    for _number in range(count):
        async_task(function, broker=broker)


def executed(place: Place, count: int) -> Baseline:
    """Return the tasks per second that are executed, all of them queued before."""
    enqueue(count, "bench.app.tasks.three")
    with cluster(place):
        wait_for(lambda: OrmQ.objects.count() < count, seconds=60, what="a first task")
        before, began = OrmQ.objects.count(), time.perf_counter()
        wait_for(lambda: not OrmQ.objects.exists(), seconds=120, what="all tasks")
        return Baseline("django-q2", before / (time.perf_counter() - began))


def passed(count: int) -> Baseline:
    """Return the tasks per second that are sent and executed; its cluster is up."""
    began = time.perf_counter()
    enqueue(count, "bench.app.tasks.trivial")
    wait_for(lambda: not OrmQ.objects.exists(), seconds=120, what="all tasks")
    return Baseline("django-q2", count / (time.perf_counter() - began))
