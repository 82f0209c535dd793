"""Errors of the engine; `{names}` in their sentences are filled in. The names of the classes are stored with runs."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from project.lib.refusals import Refused


class EngineError(Refused):
    """The engine refused."""

    def __init__(self, **details: Any) -> None:
        self.details = details
        super().__init__(str(self.sentence).format(**details))


class InvalidDefinition(EngineError):
    code = "invalid_definition"
    sentence = _("{what} is not valid: {why}.")


class DuplicateDefinition(EngineError):
    code = "duplicate_definition"
    sentence = _("{what} is already defined in {where}: give one of them another name or version.")


class UnknownWorkflow(EngineError):
    code = "unknown_workflow"
    sentence = _(
        "There is no workflow {name!r} here. Known workflows: {known}. Is it in the workflows.py of an installed app?"
    )


class UnknownRun(EngineError):
    code = "unknown_run"
    sentence = _("There is no run with the id {run!r}; it may have been pruned.")


class UnknownQueue(EngineError):
    code = "unknown_queue"
    sentence = _("There is no queue {name!r} here. Known queues: {known}.")


class UnknownSchedule(EngineError):
    code = "unknown_schedule"
    sentence = _("There is no schedule {name!r} here. Known schedules: {known}.")


class InvalidId(EngineError):
    code = "invalid_id"
    sentence = _("{value!r} cannot be an id: use 1 to {limit} characters without control characters.")


class IdTaken(EngineError):
    code = "id_taken"
    sentence = _("The id {run!r} belongs to a run that is not a child of this one: use a different id.")


class NestedStep(EngineError):
    code = "nested_step"
    sentence = _(
        "Step {asked!r} was called inside another step. Call it in the workflow's function, or "
        "start a separate run for it."
    )


class InvalidInput(EngineError):
    code = "invalid_input"
    sentence = _("The input does not fit workflow {workflow}: {why}.")


class InvalidValue(EngineError):
    code = "invalid_value"
    sentence = _("{what} is {value}: {why}.")


class NotSerializable(EngineError):
    code = "not_serializable"
    sentence = _(
        "{path} is {kind}, which cannot be stored. Return JSON values, dates, times, decimals, UUIDs or "
        "timedeltas; keep the rest in the private file storage and return its key."
    )


class TooLarge(EngineError):
    code = "too_large"
    sentence = _(
        "{what} takes {size} bytes, but at most {limit} can be stored with a run. Put it into the private file "
        "storage and pass its key."
    )


class WrongStatus(EngineError):
    code = "wrong_status"
    sentence = _("Run {run} is {status}, and only runs that are {allowed} can be {verb}.")


class RunOver(EngineError):
    code = "run_over"
    sentence = _("Run {run} is {status} and accepts no more events; pass missing_ok=True if that doesn't matter.")


class NoSuchStep(EngineError):
    code = "no_such_step"
    sentence = _("Run {run} has no step {step!r} to restart from; it has {known}.")


class NonDeterminism(EngineError):
    code = "non_determinism"
    sentence = _(
        "The code of {workflow} version {version} does not repeat what run {run} recorded: at step {position} it "
        "asks for {asked}, but the run recorded {recorded}. Keep the old code under its version until its runs have "
        "finished, and give the new code a higher version."
    )


class NonRetryable(Exception):
    """Raise it in a step to fail the step at once, whatever its retry policy says."""


class StepFailed(EngineError):
    code = "step_failed"
    sentence = _("Step {step!r} failed permanently: {type}: {message}")

    @property
    def type(self) -> str:
        """The name of the class of the last attempt's exception."""
        return str(self.details["type"])

    @property
    def message(self) -> str:
        return str(self.details["message"])

    @property
    def step(self) -> str:
        return str(self.details["step"])


class StepTimedOut(StepFailed):
    code = "step_timed_out"
    sentence = _("Step {step!r} failed permanently: {message}")


class WorkerLost(StepFailed):
    code = "worker_lost"
    sentence = _("Step {step!r} failed permanently: {message}")


class WaitTimedOut(StepFailed):
    code = "wait_timed_out"
    sentence = _("Step {step!r} ended: {message}")


class ChildFailed(StepFailed):
    code = "child_failed"
    sentence = _("Step {step!r} failed permanently: {message}")
