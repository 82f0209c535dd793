from workflows.models.audit import AuditLine
from workflows.models.counters import EVER, Counter
from workflows.models.queues import Message, QueueState
from workflows.models.runs import Attempt, Event, Outcome, Run, RunStatus, Step, StepKind, StepStatus
from workflows.models.schedules import Firing, Schedule
from workflows.models.workers import SILENCE, Worker

__all__ = [
    "EVER",
    "SILENCE",
    "Attempt",
    "AuditLine",
    "Counter",
    "Event",
    "Firing",
    "Message",
    "Outcome",
    "QueueState",
    "Run",
    "RunStatus",
    "Schedule",
    "Step",
    "StepKind",
    "StepStatus",
    "Worker",
]
