"""The worker: a django-q2 cluster in a process group of its own, watched from outside.

A cluster can look alive and do nothing: a worker process killed while idle dies holding the queue's lock, and no job
runs any more. So what counts is that jobs come back. A cluster that was silent for too long, while its processes were
not all at work, is killed whole and restarted, and the leases of what it held are ended at once.
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

from django.conf import settings
from django.db import DatabaseError, close_old_connections, connection
from django.db.models import Q
from django.utils import timezone

from workflows.models import Message, Run, RunStatus, Worker
from workflows.transitions import messages, runs
from workflows.worker import dispatch
from workflows.worker.processes import Child

STARTING = 30.0  # seconds that a cluster has for its first sign of life; doubled each time it was not enough
LONGEST_STARTING = 240.0
SILENT = timedelta(seconds=6)
"""How long a cluster may give no sign of life."""
LOOK_EVERY = 0.5  # seconds; a child that died is started again within this time
WATCH_EVERY = 1.0  # seconds between two looks at the heartbeat
GRACE = timedelta(seconds=3)
"""How long a cluster may take to finish its work in hand when told to stop; the supervisor above gives 5 s."""

log = logging.getLogger("holdfast.worker")


class Supervisor:
    def __init__(self) -> None:
        self.name = f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:6]}"
        manage = Path(settings.BASE_DIR) / "manage.py"
        self.cluster = Child([sys.executable, str(manage), "worker", "--cluster", self.name])
        self.parent = os.getppid()
        self.stopping = False
        self.next_watch = 0.0
        self.starting = STARTING
        self.orphaned = False  # a dead cluster's claims have not been ended yet
        self.buried = False
        self.outage_at = 0.0  # time.monotonic() of the last failure of the database

    def run(self) -> None:
        """Keep a cluster at work until SIGTERM or SIGINT, or until the parent process is gone."""
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        while not self.stopping and os.getppid() == self.parent:
            if (status := self.cluster.reap()) is not None:
                log.error("the cluster ended with status %d; restarting it", status)
                self.orphaned = True
            if self.cluster.due():
                self.cluster.start()
            try:
                if time.monotonic() >= self.next_watch:
                    self.next_watch = time.monotonic() + WATCH_EVERY
                    close_old_connections()
                    self._watch()
            except DatabaseError as error:
                self.outage_at = time.monotonic()
                log.warning("the database cannot be reached: %s", error)
            time.sleep(LOOK_EVERY)
        self._end()

    def _stop(self, _signal: int, _frame: FrameType | None) -> None:
        self.stopping = True

    def _watch(self) -> None:
        now = timezone.now()
        worker, _created = Worker.objects.get_or_create(name=self.name, defaults={"started_at": now})
        if not self.buried:  # once: two machines of one name would take each other for dead again and again
            self._bury_the_dead()
            self.buried = True
        if self.orphaned:
            runs.expire(f"{self.name}:")
            messages.expire(f"{self.name}:")
            self.orphaned = False
        # An outage of the database is no fault of the cluster: its time counts from the end of the outage.
        running = time.monotonic() - max(self.cluster.started_at, self.outage_at)
        begun = now - timedelta(seconds=time.monotonic() - self.cluster.started_at)
        if worker.heartbeat_at is None or worker.heartbeat_at < begun:
            if running > self.starting:
                self._replace("gave no sign of life after its start", running)
                self.starting = min(self.starting * 2, LONGEST_STARTING)
        elif now - worker.heartbeat_at > SILENT and running > SILENT.total_seconds() and not self._all_busy():
            self._replace("has done nothing", SILENT.total_seconds())

    def _replace(self, why: str, seconds: float) -> None:
        log.error("the cluster %s for %d s; replacing it", why, seconds)
        self.cluster.kill()
        self.orphaned = True

    def _bury_the_dead(self) -> None:
        """End the leases of supervisors killed on this machine, and forget those that have been gone for long."""
        here = Worker.objects.filter(name__startswith=f"{socket.gethostname()}-").exclude(name=self.name)
        for name in here.values_list("name", flat=True):
            if _is_dead(name):
                runs.expire(f"{name}:")
                messages.expire(f"{name}:")
                Worker.objects.filter(name=name).delete()
        yesterday = timezone.now() - timedelta(days=1)
        Worker.objects.filter(started_at__lt=yesterday).exclude(heartbeat_at__gt=yesterday).delete()

    def _all_busy(self) -> bool:
        """Does each process of the pool hold something? Then no job can come back."""
        now, mine = timezone.now(), f"{self.name}:"
        held = Run.objects.filter(worker__startswith=mine, status=RunStatus.RUNNING, wake_at__gt=now)
        batches = Message.objects.filter(claim__startswith=mine, due_at__gt=now)
        busy = set(held.values_list("worker", flat=True))
        busy |= {claim.partition("/")[0] for claim in batches.values_list("claim", flat=True)}
        return len(busy) >= dispatch.pool_size()

    def _end(self) -> None:
        self.cluster.terminate()
        deadline = time.monotonic() + GRACE.total_seconds()
        while not self.cluster.stopped() and time.monotonic() < deadline:
            time.sleep(0.05)
        self.cluster.kill()
        try:
            runs.expire(f"{self.name}:")
            messages.expire(f"{self.name}:")
            Worker.objects.filter(name=self.name).delete()
        except DatabaseError as error:
            log.warning("the worker could not sign off: %s", error)


def _is_dead(name: str) -> bool:
    """Was this another supervisor of this machine, whose process is gone?"""
    host, pid, _random = name.rsplit("-", 2)
    if host != socket.gethostname():  # its name only begins as ours does
        return False
    if int(pid) == os.getpid():  # in a container that was restarted, which numbers its processes as before
        return True
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        pass
    return False


def run_cluster(*, name: str) -> None:
    """Run the cluster's processes in this one, until it is told to stop; `name` is its supervisor's."""

    def heartbeat() -> None:
        now = timezone.now()
        due = Q(heartbeat_at=None) | Q(heartbeat_at__lt=now - timedelta(seconds=1))
        try:
            Worker.objects.filter(due, name=name).update(heartbeat_at=now)
        except DatabaseError as error:
            log.warning("the database cannot be reached: %s", error)
            connection.close()

    dispatch.run_cluster(name=name, on_sign_of_life=heartbeat)
