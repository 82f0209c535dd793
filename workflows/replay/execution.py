"""Executing a claimed run: replaying its function until it ends or gives the worker back."""

from datetime import timedelta
from typing import Any

from workflows.core import codec
from workflows.core.definitions import Workflow, find_workflow
from workflows.core.errors import NonDeterminism, StepFailed
from workflows.models import Run, StepStatus
from workflows.replay.attempts import describe
from workflows.replay.step import Steps
from workflows.transitions import runs, steps
from workflows.transitions.guarding import Stopped, Unwind
from workflows.transitions.steps import Recorded

LOST_LIMIT = 20
"""Workers that a run may lose in a row while it replays towards one step."""
LOOK_FOR_CODE_EVERY = timedelta(seconds=30)


def execute(run: Run) -> None:
    """Take a claimed run as far as it goes now. Whatever prevents that is left to the next claim."""
    definition = find_workflow(run.workflow, run.version)
    if definition is None:  # another worker may have it: code is rolled out machine by machine
        code = f"code of {run.workflow} version {run.version}"
        runs.release(run, delay=LOOK_FOR_CODE_EVERY, waiting_for=code)
        return
    recorded = steps.load(run)
    try:
        if run.paused_at:
            raise Stopped
        if run.lost and _is_poison(run, recorded):
            message = f"{LOST_LIMIT} workers in a row died or were killed while they replayed it"
            runs.fail(run, {"kind": "lost", "type": "WorkerLost", "message": message})
            return
        _replay(run, definition, recorded)
    except Stopped:
        runs.release(run)  # paused; or the pause was taken back at this moment; or not held any more
    except Unwind:
        return


def _replay(run: Run, definition: Workflow, recorded: list[Recorded]) -> None:
    step = Steps(run, definition, recorded)
    try:
        output = definition.function(step, **codec.decode(run.input))
        if step.ended is None:
            step.check_end()
        text = codec.encode(output, what=f"The output of workflow {run.workflow}")
    except Exception as error:  # noqa: BLE001 - whatever the function raises is the run's error
        _fail(run, step, error)
        return
    if step.ended:
        _fail(run, step, step.ended)
    else:
        runs.succeed(run, text)


def _fail(run: Run, step: Steps, error: BaseException) -> None:
    """End the run with the error, unless it had left this worker before the function raised it."""
    if isinstance(step.ended, Unwind):
        raise step.ended
    if isinstance(step.ended, NonDeterminism):
        error = step.ended
    details: dict[str, Any] = describe(error)
    if failed := _failed_step(error):
        details["step"] = failed.step
    runs.fail(run, details)


def _failed_step(error: BaseException | None) -> StepFailed | None:
    """Return the step's failure that the error is, or was made from."""
    while error and not isinstance(error, StepFailed):
        error = error.__cause__ or error.__context__
    return error if isinstance(error, StepFailed) else None


def _is_poison(run: Run, recorded: list[Recorded]) -> bool:
    """Count the lost worker if no attempt has counted it."""
    if recorded and recorded[-1].status == StepStatus.RUNNING:
        return False
    finished = sum(step.status in (StepStatus.SUCCEEDED, StepStatus.FAILED) for step in recorded)
    return runs.note_loss(run, position=finished) > LOST_LIMIT
