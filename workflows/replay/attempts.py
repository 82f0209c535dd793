"""The attempts of a step that runs code: one after the other, each recorded before it begins."""

import json
import logging
import time
import traceback
from collections.abc import Callable
from datetime import timedelta
from functools import lru_cache
from typing import Any

from django.db import connection, transaction

from workflows.core import clock, codec, crash
from workflows.core.emit import observe
from workflows.core.errors import NonRetryable, NotSerializable, TooLarge
from workflows.core.policy import Retry
from workflows.models import Outcome, Run, StepKind, StepStatus
from workflows.replay.deadline import Deadline, TimesUp
from workflows.transitions import runs, steps
from workflows.transitions.guarding import POINTS, Unwind, is_conflict
from workflows.transitions.steps import Recorded

SLOW_TRANSACTION = timedelta(milliseconds=500)
COURTESY = 0.25
"""Part of a transaction's time for which SQLite's one writer is left to others, who look only now and then."""
FOR_GOOD = (NonRetryable, NotSerializable, TooLarge)
LOST = {"kind": "lost", "type": "WorkerLost", "message": "its worker died or was killed while it ran"}
RELEASED = {"kind": "released", "type": "Released", "message": "its worker was told to stop"}
POINTS.append("step.code.after")

log = logging.getLogger("holdfast.workflows")


class Attempts:
    """The attempts of one step; `call` is its code."""

    def __init__(self, run: Run, step: Recorded, call: Callable[[], Any]) -> None:
        self._run, self._step, self._call = run, step, call
        self._retry, self._timeout = _read_config(step.config)

    def begin(self) -> None:
        """Record the first attempt of a new step, and go on."""
        steps.start(self._run, self._step, timeout=self._timeout)
        self._attempt()
        self._until_settled()

    def go_on(self) -> None:
        """Continue a recorded step; an attempt that is still marked as running was lost with its worker."""
        if self._step.status == StepStatus.RUNNING:
            self._end(Outcome.LOST, LOST)
        self._until_settled()

    def _until_settled(self) -> None:
        """Try until the step has succeeded or failed permanently; raise Unwind where it waits for its next attempt."""
        while self._step.status == StepStatus.WAITING:
            if self._step.wake_at and self._step.wake_at > clock.now():
                runs.suspend(self._run, wake_at=self._step.wake_at, waiting_for=f"retry {self._step.key}")
                raise Unwind("waits for the retry")
            steps.start_again(self._run, self._step, timeout=self._timeout)
            self._attempt()

    def _attempt(self) -> None:
        deadline = Deadline(self._timeout)
        began = time.monotonic()
        try:
            if self._step.kind == StepKind.TRANSACTION:
                self._commit(deadline)
            else:
                self._step.result = self._result(deadline)
                steps.succeed(self._run, self._step)
            observe("step", time.monotonic() - began, workflow=self._run.workflow)
        except TimesUp:
            deadline.disarm()
            if deadline.released:
                self._give_back()
            message = f"it took longer than {self._timeout}"
            self._end(Outcome.TIMED_OUT, {"kind": "timeout", "type": "StepTimedOut", "message": message})
        except Exception as failure:  # noqa: BLE001 - whatever a step raises is its outcome
            self._end(Outcome.FAILED, describe(failure), for_good=isinstance(failure, FOR_GOOD))

    def _result(self, deadline: Deadline) -> str:
        with deadline:
            value = self._call()
        if deadline.expired or deadline.released:  # the code swallowed the interruption
            raise TimesUp
        crash.point("step.code.after")
        return codec.encode(value, what=f"The result of step {self._step.key!r}")

    def _commit(self, deadline: Deadline) -> None:
        with transaction.atomic():
            began = time.monotonic()
            self._step.result = self._result(deadline)
            try:
                steps.succeed(self._run, self._step)
            except Unwind as unwind:
                if is_conflict(unwind.__cause__):  # with another transaction: this attempt failed, nothing is lost
                    raise unwind.__cause__ from None
                raise
            took = time.monotonic() - began
        if took > SLOW_TRANSACTION.total_seconds():
            where = (self._step.key, self._run.pk, took)
            log.warning("step %s of run %s kept the database busy for %.1f s: make it smaller", *where)
        if connection.vendor == "sqlite":
            time.sleep(took * COURTESY)

    def _give_back(self) -> None:
        steps.end_attempt(self._run, self._step, outcome=Outcome.RELEASED, error=RELEASED, retry_at=clock.now())
        runs.release(self._run)
        raise Unwind("the worker stops")

    def _end(self, outcome: Outcome, error: dict[str, Any], *, for_good: bool = False) -> None:
        """Record the failed attempt and decide on the next one; a lost one is repeated without delay."""
        failures = self._step.attempt - self._step.uncounted
        retry_at = None
        if failures <= self._retry.limit and not for_good:
            delay = timedelta(0) if outcome == Outcome.LOST else self._retry.delay_before(failures)
            retry_at = clock.now() + delay
        steps.end_attempt(self._run, self._step, outcome=outcome, error=error, retry_at=retry_at)


def describe(error: BaseException) -> dict[str, Any]:
    """Return an exception as it is stored and shown."""
    text = "".join(traceback.format_exception(error))
    return {
        "kind": "step",
        "type": type(error).__name__,
        "message": _storable(str(error))[:2000],
        "traceback": _storable(text)[-8000:],
    }


@lru_cache(maxsize=1000)
def write_config(retry: Retry, timeout: timedelta) -> str:
    """Return what is stored with a step at its first attempt; replays use it, whatever the code says by then."""
    return json.dumps([retry.limit, retry.delay.total_seconds(), retry.backoff, retry.jitter, timeout.total_seconds()])


@lru_cache(maxsize=1000)
def _read_config(config: str) -> tuple[Retry, timedelta]:
    limit, delay, backoff, jitter, timeout = json.loads(config)
    retry = Retry(limit=limit, delay=timedelta(seconds=delay), backoff=backoff, jitter=jitter)
    return retry, timedelta(seconds=timeout)


def _storable(text: str) -> str:
    return text.replace("\x00", "\N{REPLACEMENT CHARACTER}").encode(errors="replace").decode()
