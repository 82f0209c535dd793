"""The only module that knows django-q2, which is the worker pool and carries no data: each of its jobs says "look".

Its pusher process asks the broker for jobs. Ours answers with a job as soon as something is due, and with one now and
then when nothing is, because a job that comes back through all of the cluster's processes proves that they live.
"""

import logging
import multiprocessing
import os
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import DatabaseError, close_old_connections, connection
from django.utils import timezone
from django_q.brokers import Broker
from django_q.cluster import Cluster
from django_q.conf import Conf
from django_q.signals import post_execute
from django_q.signing import SignedPackage

from workflows.core import clock, doorbell
from workflows.transitions import schedules
from workflows.worker.processes import die_with_parent
from workflows.worker.working import Hands, Heart, due_at, work, worker_name

LOOK_ANYWAY = 2.0
"""Seconds after which an idle cluster is given a job."""
TURN = 1.0
"""Seconds that a job goes on finding work, before the pool is seen to live."""
SHORTEST_PAUSE, LONGEST_PAUSE = timedelta(milliseconds=5), timedelta(milliseconds=500)

log = logging.getLogger("holdfast.worker")
_stopping = multiprocessing.Event()
_cluster = ""
_hands: Hands | None = None


class DueWork(Broker):  # type: ignore[misc]
    """A broker without a queue: it waits for the doorbell, and looks at the tables."""

    def __init__(self, list_key: str | None = None) -> None:
        super().__init__(list_key)
        self._given_at = 0.0
        self._head: Any = None
        self._pause = SHORTEST_PAUSE

    def dequeue(self) -> list[tuple[int, str]] | None:
        """Return one job, or nothing after a second."""
        try:
            return self._dequeue()
        except DatabaseError as error:
            log.warning("the database cannot be reached: %s", error)
            connection.close()
            time.sleep(1)
            return None

    def _dequeue(self) -> list[tuple[int, str]] | None:
        if time.monotonic() - self._given_at > LOOK_ANYWAY:
            close_old_connections()
            return self._job(due=False)
        due, now = due_at(), clock.now()
        bell = doorbell.get_bell()
        if due and due <= now:
            if due == self._head:  # given already: it is being claimed, or cannot be just now
                bell.wait(self._pause)
                self._pause = min(self._pause * 2, LONGEST_PAUSE)
            else:
                self._head, self._pause = due, SHORTEST_PAUSE
            return self._job(due=True)
        self._head = None
        bell.wait(min(due - now, doorbell.LOOK_EVERY) if due else doorbell.LOOK_EVERY)
        return None

    def _job(self, *, due: bool) -> list[tuple[int, str]]:
        self._given_at = time.monotonic()
        job = {
            "id": uuid.uuid4().hex,
            "name": "look",
            "func": "workflows.worker.dispatch.look",
            "args": (),
            "kwargs": {"due": due},
            "timeout": -1,  # the engine has its own; both would share one signal
            "started": timezone.now(),
            "ack_failure": True,
            "save": False,
        }
        return [(0, SignedPackage.dumps(job))]


def look(*, due: bool) -> None:
    """Do what is due, as django-q2's job; if nothing is, coming back is all."""
    global _hands  # noqa: PLW0603 - one for each process of the pool
    if _hands is None:
        _hands = Hands(worker_name(_cluster))
        Heart(_hands, _stopping.is_set).start()
    if not due:
        return
    try:
        work(_hands, stopping=_stopping.is_set, until=time.monotonic() + TURN)
    except DatabaseError as error:
        log.warning("the database cannot be reached: %s", error)
        connection.close()


def run_cluster(*, name: str, on_sign_of_life: Callable[[], None]) -> None:
    """Run django-q2's cluster in this process until it is told to stop; `name` is its supervisor's."""
    global _cluster  # noqa: PLW0603 - inherited by the processes that django-q2 forks
    _cluster = name
    schedules.sync()
    # Sent by the monitor behind the job's result: where it, the pusher or the pool is dead, nothing arrives.
    post_execute.connect(lambda **_: on_sign_of_life(), weak=False)
    os.register_at_fork(after_in_child=die_with_parent)
    StoppableCluster().start()


class StoppableCluster(Cluster):  # type: ignore[misc]
    """django-q2's cluster, whose jobs hear that it must stop."""

    def sig_handler(self, signum: int, frame: Any) -> None:
        _stopping.set()
        super().sig_handler(signum, frame)


def pool_size() -> int:
    return int(Conf.WORKERS)
