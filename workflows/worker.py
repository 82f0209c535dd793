"""The worker: a django-q2 cluster in a process group of its own, watched from outside.

A cluster can look alive and be deaf: a worker process killed while idle dies holding the queue's lock, and no job runs
any more. So what counts is that jobs get done. The supervisor queues a small one from time to time, each job done
moves the heartbeat, and a cluster that was silent for too long is killed whole and started anew. Jobs that it had in
hand are delivered again after Q_CLUSTER["retry"] seconds.
"""

import logging
import os
import signal
import socket
import sys
import time
import uuid
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import Any

from django.conf import settings
from django.db import DatabaseError, close_old_connections
from django.db.models import Q
from django.utils import timezone

from workflows.dispatch import enqueue, is_waiting
from workflows.models import SILENCE, Worker
from workflows.processes import Child, die_with_parent

BEAT_EVERY = timedelta(seconds=5)
GRACE = timedelta(seconds=3)
"""How long a cluster may take to finish its jobs in hand when told to stop; the supervisor above gives 5 s."""

log = logging.getLogger("holdfast.worker")


class Supervisor:
    def __init__(self) -> None:
        self.name = f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:6]}"
        manage = Path(settings.BASE_DIR) / "manage.py"
        self.cluster = Child([sys.executable, str(manage), "worker", "--cluster", self.name])
        self.parent = os.getppid()
        self.stopping = False
        self.beat = 0
        self.next_beat = 0.0
        self.outage_at = 0.0  # time.monotonic() of the last failure of the database

    def run(self) -> None:
        """Keep a cluster at work until SIGTERM or SIGINT, or until the parent process is gone."""
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        while not self.stopping and os.getppid() == self.parent:
            if (status := self.cluster.reap()) is not None:
                log.error("the cluster ended with status %d and is started again", status)
            if self.cluster.due():
                self.cluster.start()
                self.beat = 0  # one that the last cluster held is delivered again too late to speak for this one
            try:
                close_old_connections()
                self._watch()
            except DatabaseError as error:
                self.outage_at = time.monotonic()
                log.warning("the database cannot be reached: %s", error)
            time.sleep(0.5)
        self._end()

    def _stop(self, _signal: int, _frame: FrameType | None) -> None:
        self.stopping = True

    def _watch(self) -> None:
        now = timezone.now()
        worker, created = Worker.objects.get_or_create(name=self.name, defaults={"started_at": now})
        if created:
            Worker.objects.filter(started_at__lt=now - timedelta(days=1)).exclude(
                heartbeat_at__gt=now - timedelta(days=1)
            ).delete()
        if time.monotonic() >= self.next_beat:
            # One at a time: behind a long queue they would only make it longer.
            if not is_waiting(self.beat):
                self.beat = enqueue("workflows.tasks.beat")
            self.next_beat = time.monotonic() + BEAT_EVERY.total_seconds()
        # An outage of the database is no fault of the cluster: its time counts from the end of the outage.
        running = time.monotonic() - max(self.cluster.started_at, self.outage_at)
        silent = worker.heartbeat_at is None or now - worker.heartbeat_at > SILENCE
        if silent and running > SILENCE.total_seconds():
            log.error("the cluster has done nothing for %d s and is replaced", SILENCE.total_seconds())
            self.cluster.kill()

    def _end(self) -> None:
        self.cluster.terminate()
        deadline = time.monotonic() + GRACE.total_seconds()
        while not self.cluster.stopped() and time.monotonic() < deadline:
            time.sleep(0.05)
        self.cluster.kill()
        try:
            Worker.objects.filter(name=self.name).delete()
        except DatabaseError as error:
            log.warning("the worker could not sign off: %s", error)


def run_cluster(*, name: str) -> None:
    """Run django-q2's cluster in this process until it is told to stop; `name` is its supervisor's."""
    from django_q.cluster import Cluster
    from django_q.signals import post_execute

    def job_done(**_kwargs: Any) -> None:
        now = timezone.now()
        due = Q(heartbeat_at=None) | Q(heartbeat_at__lt=now - timedelta(seconds=1))
        Worker.objects.filter(due, name=name).update(heartbeat_at=now)

    # Sent by the monitor behind the acknowledgement: where that is dead, jobs run again and again.
    post_execute.connect(job_done, weak=False)
    os.register_at_fork(after_in_child=die_with_parent)
    Cluster().start()
