"""Errors of the engine. The docstring is the message; `{names}` in it are filled in."""

from typing import Any


class EngineError(Exception):
    """The engine refused."""

    def __init__(self, **details: Any) -> None:
        self.details = details
        super().__init__(" ".join((type(self).__doc__ or "").split()).format(**details))


class InvalidDefinition(EngineError):
    """{what} is not valid: {why}."""


class DuplicateDefinition(EngineError):
    """{what} is already defined in {where}: give one of the two another name or version."""


class UnknownWorkflow(EngineError):
    """There is no workflow {name!r} here; known are {known}. Is its module called workflows.py in an installed app?"""


class UnknownRun(EngineError):
    """There is no run with the id {run!r}; it may have been pruned."""


class UnknownQueue(EngineError):
    """There is no queue {name!r} here; known are {known}."""


class UnknownSchedule(EngineError):
    """There is no schedule {name!r} here; known are {known}."""


class InvalidId(EngineError):
    """{value!r} cannot be an id: use 1 to {limit} characters without control characters."""


class IdTaken(EngineError):
    """The id {run!r} belongs to a run that is not a child of this one: start runs of your own with other ids."""


class NestedStep(EngineError):
    """Step {asked!r} is asked for inside the code of another step: call it in the workflow's function, or start a run
    of its own."""


class InvalidInput(EngineError):
    """The input does not fit workflow {workflow}: {why}."""


class InvalidValue(EngineError):
    """{what} is {value}: {why}."""


class NotSerializable(EngineError):
    """{path} is {kind}, which cannot be stored. Return JSON values, dates, times, decimals, UUIDs or timedeltas;
    keep the rest in the private file storage and return its key."""


class TooLarge(EngineError):
    """{what} takes {size} bytes and at most {limit} are stored with a run: put it into the private file storage and
    pass its key."""


class WrongStatus(EngineError):
    """Run {run} is {status}, and only runs that are {allowed} can be {verb}."""


class RunOver(EngineError):
    """Run {run} is {status} and takes no more events; send with missing_ok=True where that does not matter."""


class NoSuchStep(EngineError):
    """Run {run} has no step {step!r} to restart from; it has {known}."""


class NonDeterminism(EngineError):
    """The code of {workflow} version {version} does not repeat what run {run} recorded: at step {position} it asks for
    {asked}, recorded is {recorded}. Keep the old code under its version until its runs are over, and give the new one
    a higher version."""


class NonRetryable(Exception):
    """Raise it in a step to fail the step at once, whatever its retry policy says."""


class StepFailed(EngineError):
    """Step {step!r} failed for good: {type}: {message}"""

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
    """Step {step!r} failed for good: {message}"""


class WorkerLost(StepFailed):
    """Step {step!r} failed for good: {message}"""


class WaitTimedOut(StepFailed):
    """Step {step!r} is over: {message}"""


class ChildFailed(StepFailed):
    """Step {step!r} failed for good: {message}"""
