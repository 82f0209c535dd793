"""What a workflow's function is given: its steps, replayed where they are recorded and executed where they are not."""

import inspect
import random
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Never

from workflows.core import clock, codec, errors
from workflows.core.definitions import Workflow
from workflows.core.emit import observe
from workflows.core.policy import Retry, check_duration
from workflows.models import Run, StepKind, StepStatus
from workflows.replay.attempts import Attempts, write_config
from workflows.transitions import runs, steps
from workflows.transitions.guarding import Unwind
from workflows.transitions.steps import Recorded

RETRY = Retry()
TIMEOUT = timedelta(minutes=10)
TRANSACTION_TIMEOUT = timedelta(seconds=2)
"""SQLite has one writer; a step that holds it for longer belongs in smaller ones."""
STEPS_LIMIT = 10_000
NAME_LIMIT = 256
WAIT = timedelta(hours=24)

_FAILURES = {
    "step": errors.StepFailed,
    "timeout": errors.StepTimedOut,
    "lost": errors.WorkerLost,
    "wait": errors.WaitTimedOut,
    "child": errors.ChildFailed,
}


class Steps:
    """The steps of one run, for as long as a worker holds it. Authors call this `step`.

    A step whose result is recorded returns it; one that failed permanently raises StepFailed again, which the workflow
    may catch. The first other one executes. Names are 1 to 256 characters; a repeated name gets `#2`.
    """

    def __init__(self, run: Run, definition: Workflow, recorded: Sequence[Recorded]) -> None:
        self.ended: BaseException | None = None
        self._run = run
        self._definition = definition
        self._recorded = recorded
        self._position = 0
        self._inside = False
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
        config = write_config(retry, timeout)
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
        config = write_config(retry, TRANSACTION_TIMEOUT)
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
            child = runs.new_run(workflow, input, id=runs.child_id(self._run, step.position), parent=self._run)
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
        attempts = Attempts(self._run, step, partial(self._alone, call))
        self._guard(attempts.go_on if recorded else attempts.begin)
        return self._result(step)

    def _alone(self, call: Callable[[], Any]) -> Any:
        self._inside = True
        try:
            return call()
        finally:
            self._inside = False

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
        if self._inside:
            raise errors.NestedStep(asked=name)
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


def _wants_key(fn: Callable[..., Any]) -> bool:
    code = getattr(inspect.unwrap(fn), "__code__", None)
    if code is None:
        return False
    return "idempotency_key" in code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
