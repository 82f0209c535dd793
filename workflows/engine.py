"""The engine, for apps: declare, start, tell, steer.

from workflows import engine

@engine.workflow()
def onboarding(step, *, user_id): ...

engine.start(onboarding, {"user_id": 7}, id="onboarding-7", by=request.user)
"""

from workflows.core.definitions import consumer, schedule, workflow
from workflows.core.errors import (
    ChildFailed,
    EngineError,
    NonRetryable,
    StepFailed,
    StepTimedOut,
    WaitTimedOut,
    WorkerLost,
)
from workflows.core.policy import Retry
from workflows.replay.consuming import Batch, Delivery
from workflows.replay.step import Steps
from workflows.transitions.messages import drop, replay, send, send_batch
from workflows.transitions.runs import create as start
from workflows.transitions.runs import create_many as start_many
from workflows.transitions.steering import cancel, pause, restart, resume, retry, send_event

__all__ = [
    "Batch",
    "ChildFailed",
    "Delivery",
    "EngineError",
    "NonRetryable",
    "Retry",
    "StepFailed",
    "StepTimedOut",
    "Steps",
    "WaitTimedOut",
    "WorkerLost",
    "cancel",
    "consumer",
    "drop",
    "pause",
    "replay",
    "restart",
    "resume",
    "retry",
    "schedule",
    "send",
    "send_batch",
    "send_event",
    "start",
    "start_many",
    "workflow",
]
