"""What a workflow's function is given: its steps, replayed where they are recorded and executed where they are not."""

import inspect
import json
import logging
import random
import time
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import cache, partial
from typing import Any, Never

from django.db import transaction

from workflows import clock, codec, crash, errors
from workflows.deadline import Deadline, TimesUp
from workflows.definitions import Workflow
from workflows.emit import observe
from workflows.models import Outcome, Run, StepKind, StepStatus
from workflows.policy import Retry, check_duration
from workflows.transitions import runs, steps
from workflows.transitions.steps import Recorded
from workflows.transitions.verbs import POINTS, Unwind

RETRY = Retry()
TIMEOUT = timedelta(minutes=10)
TRANSACTION_TIMEOUT = timedelta(seconds=2)
"""SQLite has one writer; a step that holds it for longer belongs in smaller ones."""
SLOW_TRANSACTION = timedelta(milliseconds=500)
STEPS_LIMIT = 10_000
NAME_LIMIT = 256
WAIT = timedelta(hours=24)
POINTS.append("step.code.after")

_FAILURES = {
    "step": errors.StepFailed,
    "timeout": errors.StepTimedOut,
    "lost": errors.WorkerLost,
    "wait": errors.WaitTimedOut,
    "child": errors.ChildFailed,
}

log = logging.getLogger("holdfast.workflows")


class Steps:
    """The steps of one run, for as long as a worker holds it. Authors call this `step`.

    A step whose result is recorded returns it; one that failed for good raises StepFailed again, which the workflow
    may catch. The first other one executes. Names are 1 to 256 characters; a repeated name gets `#2`.
    """

    def __init__(self, run: Run, definition: Workflow, recorded: Sequence[Recorded]) -> None:
        self.ended: BaseException | None = None
        self._run = run
        self._definition = definition
        self._recorded = recorded
        self._position = 0
        self._names: Counter[str] = Counter()

    @property
    def run_id(self) -> str:
        return self._run.pk

    # --- Steps that run code -------------------------------------------------------------------------------------

    def do(
        self,
        name: str,
        fn: Callable[..., Any],
        /,
        *args: Any,
        retry: Retry = RETRY,
        timeout: timedelta = TIMEOUT,
        sensitive: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Call `fn`, at least once, and record what it returns.

        A failed attempt is repeated as `retry` says; `NonRetryable` ends it. A parameter called `idempotency_key`
        gets a text that is the same for every attempt of this step.
        """
        check_duration("timeout", timeout)
        config = _config(retry, timeout)
        return self._execute(StepKind.DO, name, fn, partial(fn, *args, **kwargs), config, sensitive=sensitive)

    def transaction(
        self,
        name: str,
        fn: Callable[..., Any],
        /,
        *args: Any,
        retry: Retry = RETRY,
        sensitive: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Call `fn`, whose database writes and result are committed together: exactly once. At most 2 s."""
        config = _config(retry, TRANSACTION_TIMEOUT)
        return self._execute(StepKind.TRANSACTION, name, fn, partial(fn, *args, **kwargs), config, sensitive=sensitive)

    def map(
        self,
        name: str,
        fn: Callable[[Sequence[Any]], Any],
        items: Sequence[Any],
        /,
        *,
        batch: int = 100,
        in_transaction: bool = False,
        retry: Retry = RETRY,
        timeout: timedelta = TIMEOUT,
    ) -> list[Any]:
        """Call `fn` with slices of at most `batch` items, a step each, and return the list of their results."""
        if batch < 1:
            raise errors.InvalidValue(what="batch", value=batch, why="it starts at 1")
        results = []
        for start in range(0, len(items), batch):
            part = items[start : start + batch]
            if in_transaction:
                results.append(self.transaction(name, fn, part, retry=retry))
            else:
                results.append(self.do(name, fn, part, retry=retry, timeout=timeout))
            self.progress(start + len(part), len(items))
        return results

    # --- Steps that wait -----------------------------------------------------------------------------------------

    def sleep(self, name: str, duration: timedelta) -> None:
        """Go on after the duration, at most 365 days; no process waits."""
        check_duration("The sleep", duration)
        self._sleep(name, f"for {duration}", clock.now() + duration)

    def sleep_until(self, name: str, moment: datetime) -> None:
        """Go on at the moment, which needs a time zone; at once if it is past."""
        if moment.tzinfo is None:
            raise errors.InvalidValue(what="The moment", value=moment, why="give it a time zone")
        check_duration("The sleep", max(moment - clock.now(), timedelta(0)))
        self._sleep(name, f"until {moment.isoformat()}", moment)

    def wait_for_event(self, name: str, type: str, *, timeout: timedelta = WAIT) -> Any:
        """Return the payload of the oldest event of the type that is not consumed yet; raise WaitTimedOut."""
        check_duration("The wait", timeout)
        step, recorded = self._next(StepKind.EVENT, name, config=f"for {type}")
        if not recorded:
            step.wake_at = clock.now() + timeout
        if step.status not in (StepStatus.SUCCEEDED, StepStatus.FAILED):
            self._guard(partial(steps.wait_for_event, self._run, step, type=type))
        return self._result(step)

    def child(self, name: str, workflow: Workflow, /, **input: Any) -> Any:
        """Run another workflow and return its output; raise ChildFailed if it failed or was cancelled."""
        step, _recorded = self._next(StepKind.CHILD, name, config=workflow.name)
        if step.status not in (StepStatus.SUCCEEDED, StepStatus.FAILED):
            child = runs.new_run(workflow, input, id=self._child_id(step.position), parent=self._run)
            self._guard(partial(steps.wait_for_child, self._run, step, child=child))
        return self._result(step)

    # --- Steps that are values -----------------------------------------------------------------------------------

    def now(self) -> datetime:
        """Return the time of the first execution."""
        found: datetime = self._value("now", clock.now)
        return found

    def random(self) -> float:
        """Return the number, from 0 to 1, that the first execution drew."""
        drawn: float = self._value("random", random.random)
        return drawn

    def progress(self, done: int, total: int | None = None) -> None:
        """Show how far the run is; not a step, and silent while it replays."""
        if self._position >= len(self._recorded):
            self._guard(partial(runs.set_progress, self._run, done, total))

    # --- How -----------------------------------------------------------------------------------------------------

    def check_end(self) -> None:
        """Raise NonDeterminism where the function returned before it repeated all that is recorded."""
        if self._position < len(self._recorded):
            self._differs("nothing more, it returned")

    def _execute(
        self,
        kind: StepKind,
        name: str,
        fn: Callable[..., Any],
        call: Callable[..., Any],
        config: str,
        *,
        sensitive: bool,
    ) -> Any:
        step, recorded = self._next(kind, name, config=config, sensitive=sensitive)
        if step.status in (StepStatus.SUCCEEDED, StepStatus.FAILED):
            return self._result(step)
        if _wants_key(fn):
            call = partial(call, idempotency_key=f"{self._run.pk}:{step.key}")
        self._guard(partial(self._attempts, step, call, recorded=recorded))
        return self._result(step)

    def _attempts(self, step: Recorded, call: Callable[[], Any], *, recorded: bool) -> None:
        """Try until the step has succeeded, has failed for good, or waits for its next attempt."""
        retry, timeout = _read_config(step.config)
        if not recorded:
            steps.start(self._run, step, timeout=timeout)
        elif step.status == StepStatus.RUNNING:
            error = {"kind": "lost", "type": "WorkerLost", "message": "its worker died or was killed while it ran"}
            self._retry(step, retry, outcome=Outcome.LOST, error=error)
        while step.status in (StepStatus.RUNNING, StepStatus.WAITING):
            if step.status == StepStatus.WAITING:
                if step.wake_at and step.wake_at > clock.now():
                    runs.suspend(self._run, wake_at=step.wake_at, waiting_for=f"retry {step.key}")
                    raise Unwind("waits for the retry")
                steps.start_again(self._run, step, timeout=timeout)
            self._attempt(step, call, retry, timeout)

    def _attempt(self, step: Recorded, call: Callable[[], Any], retry: Retry, timeout: timedelta) -> None:
        deadline = Deadline(timeout)
        began = time.monotonic()
        try:
            if step.kind == StepKind.TRANSACTION:
                self._commit(step, call, deadline)
            else:
                step.result = self._call(step, call, deadline)
                steps.succeed(self._run, step)
            observe("step", time.monotonic() - began, workflow=self._run.workflow)
        except TimesUp:
            deadline.disarm()
            if deadline.released:
                error = {"kind": "released", "type": "Released", "message": "its worker was told to stop"}
                steps.end_attempt(self._run, step, outcome=Outcome.RELEASED, error=error, retry_at=clock.now())
                runs.release(self._run)
                raise Unwind("the worker stops") from None
            error = {"kind": "timeout", "type": "StepTimedOut", "message": f"it took longer than {timeout}"}
            self._retry(step, retry, outcome=Outcome.TIMED_OUT, error=error)
        except Exception as failure:  # noqa: BLE001 - whatever a step raises is its outcome
            for_good = isinstance(failure, errors.NonRetryable | errors.NotSerializable | errors.TooLarge)
            self._retry(step, retry, outcome=Outcome.FAILED, error=describe(failure), for_good=for_good)

    def _call(self, step: Recorded, call: Callable[[], Any], deadline: Deadline) -> str:
        with deadline:
            value = call()
        if deadline.expired or deadline.released:  # the code swallowed the interruption
            raise TimesUp
        crash.point("step.code.after")
        return codec.encode(value, what=f"The result of step {step.key!r}")

    def _commit(self, step: Recorded, call: Callable[[], Any], deadline: Deadline) -> None:
        with transaction.atomic():
            began = time.monotonic()
            step.result = self._call(step, call, deadline)
            steps.succeed(self._run, step)
            took = time.monotonic() - began
        if took > SLOW_TRANSACTION.total_seconds():
            log.warning("step %s of run %s held the database for %.1f s: make it smaller", step.key, self._run.pk, took)

    def _retry(
        self, step: Recorded, retry: Retry, *, outcome: Outcome, error: dict[str, Any], for_good: bool = False
    ) -> None:
        """Record the failed attempt and decide on the next one; a lost one is repeated without delay."""
        failures = step.attempt - step.uncounted
        retry_at = None
        if failures <= retry.limit and not for_good:
            delay = timedelta(0) if outcome == Outcome.LOST else retry.delay_before(failures)
            retry_at = clock.now() + delay
        steps.end_attempt(self._run, step, outcome=outcome, error=error, retry_at=retry_at)

    def _sleep(self, name: str, detail: str, until: datetime) -> None:
        step, recorded = self._next(StepKind.SLEEP, name, config=detail)
        if step.status != StepStatus.SUCCEEDED:
            step.wake_at = step.wake_at if recorded else until
            self._guard(partial(self._rest, step, recorded=recorded))

    def _rest(self, step: Recorded, *, recorded: bool) -> None:
        if recorded and (step.wake_at is None or step.wake_at <= clock.now()):
            step.result = "null"
            steps.succeed(self._run, step)
            if step.wake_at:
                observe("late", (clock.now() - step.wake_at).total_seconds())
            return
        if recorded:
            runs.suspend(self._run, wake_at=step.wake_at, waiting_for=f"sleep {step.key}")
        else:
            steps.start_sleep(self._run, step)
        raise Unwind("sleeps")

    def _value(self, name: str, draw: Callable[[], Any]) -> Any:
        step, recorded = self._next(StepKind.VALUE, name)
        if not recorded:
            step.result = codec.encode(draw(), what=name)
            self._guard(partial(steps.record_value, self._run, step))
        return self._result(step)

    def _next(self, kind: StepKind, name: str, *, config: str = "", sensitive: bool = False) -> tuple[Recorded, bool]:
        """Return the step at this position and whether it is recorded, or raise where the two do not match."""
        if self.ended:
            raise self.ended
        key = self._key(name)
        position, self._position = self._position, self._position + 1
        if position >= len(self._recorded):
            if position >= STEPS_LIMIT:
                raise errors.InvalidValue(what="The number of steps", value=position + 1, why=f"{STEPS_LIMIT} at most")
            return Recorded(position, key, kind.value, config=config, sensitive=sensitive), False
        found = self._recorded[position]
        fixed = kind in (StepKind.SLEEP, StepKind.EVENT, StepKind.CHILD)
        if (found.key, found.kind) != (key, kind) or (fixed and found.config != config):
            self._position = position
            self._differs(f"{kind.value} {key!r} {config if fixed else ''}".rstrip())
        return found, True

    def _key(self, name: str) -> str:
        if not (0 < len(name) <= NAME_LIMIT and name.isprintable()):
            raise errors.InvalidValue(
                what="The name of a step", value=repr(name), why=f"use 1 to {NAME_LIMIT} printable characters"
            )
        self._names[name] += 1
        return name if self._names[name] == 1 else f"{name}#{self._names[name]}"

    def _differs(self, asked: str) -> Never:
        found = self._recorded[self._position]
        self.ended = errors.NonDeterminism(
            workflow=self._run.workflow,
            version=self._run.version,
            run=self._run.pk,
            position=self._position + 1,
            asked=asked,
            recorded=f"{found.kind} {found.key!r} {found.config if found.kind in ('sleep', 'event', 'child') else ''}",
        )
        raise self.ended

    def _guard(self, act: Callable[[], None]) -> None:
        """Do it, and remember that the run has left this worker, so that code which swallows that gets no further."""
        try:
            act()
        except Unwind as unwind:
            self.ended = unwind
            raise

    def _result(self, step: Recorded) -> Any:
        if step.status == StepStatus.FAILED:
            error = step.error or {}
            kind = _FAILURES.get(error.get("kind", ""), errors.StepFailed)
            raise kind(step=step.key, type=error.get("type", ""), message=error.get("message", "")) from None
        return codec.decode(step.result or "null")

    def _child_id(self, position: int) -> str:
        own = f"{self._run.pk}.{position}"
        return own if len(own) <= runs.ID_LIMIT else codec.digest(own)


def describe(error: BaseException) -> dict[str, Any]:
    """Return an exception as it is stored and shown."""
    text = "".join(traceback.format_exception(error))
    return {
        "kind": "step",
        "type": type(error).__name__,
        "message": _storable(str(error))[:2000],
        "traceback": _storable(text)[-8000:],
    }


def _storable(text: str) -> str:
    return text.replace("\x00", "\N{REPLACEMENT CHARACTER}").encode(errors="replace").decode()


@cache
def _config(retry: Retry, timeout: timedelta) -> str:
    return json.dumps([retry.limit, retry.delay.total_seconds(), retry.backoff, retry.jitter, timeout.total_seconds()])


@cache
def _read_config(config: str) -> tuple[Retry, timedelta]:
    limit, delay, backoff, jitter, timeout = json.loads(config)
    retry = Retry(limit=limit, delay=timedelta(seconds=delay), backoff=backoff, jitter=jitter)
    return retry, timedelta(seconds=timeout)


def _wants_key(fn: Callable[..., Any]) -> bool:
    code = getattr(inspect.unwrap(fn), "__code__", None)
    if code is None:
        return False
    return "idempotency_key" in code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
