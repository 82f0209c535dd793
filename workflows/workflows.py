"""The engine's own schedule: finished runs and messages are deleted after a time."""

from django.conf import settings

from workflows import engine
from workflows.transitions import pruning

BATCH = 500


@engine.workflow("prune")
def prune(step: engine.Steps) -> int:
    """Delete what finished more than WORKFLOWS_KEEP ago, in bounded batches; return how many rows."""
    before = step.now() - settings.WORKFLOWS_KEEP
    deleted = 0
    for name, forget in pruning.KINDS.items():
        while count := step.transaction(name, forget, before, limit=BATCH):
            deleted += count
            step.progress(deleted)
    return deleted


engine.schedule("prune", prune, cron="17 3 * * *", missed="once")
