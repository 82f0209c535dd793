"""Run by `make` in a process of its own: fill an empty instance, and write what is promised to the file it is given."""

import json
import os
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command

from tests.upgrades import (
    cast,
    held,
    scenes,  # noqa: F401 - they register themselves
)
from tests.upgrades.names import (
    FINISHED,
    BulkAdd,
    BulkAddState,
    Message,
    PurgeRequest,
    PurgeStatus,
    Run,
    RunStatus,
    Step,
    Upload,
    UploadState,
    bulk_add_steps,
    consumers,
    store,
    workflow_names,
)
from tests.upgrades.playing import PRESENT, SCENES, play_everywhere


def main() -> None:
    call_command("migrate", interactive=False, verbosity=0)
    bulk_add_steps.BATCH = 5  # lines are added in more than one part
    cast.arrive()
    dead = cast.write_dead_letters()
    places = {pk: place for scene in SCENES for pk, place in play_everywhere(scene)}
    promises = cast.settle_in()
    going_on = Run.objects.exclude(status__in=FINISHED) | Run.objects.filter(pk=promises["failed"])
    promises |= {
        "runs": {run.pk: f"{run.workflow}: {places.get(run.pk, run.status)}" for run in going_on.order_by("pk")},
        "waiting": {consumer.queue: _waiting(consumer.queue) for consumer in consumers()},
        "dead": dead,
        "etags": {found.etag: key for key, found in store().walk() if Step.objects.filter(result__contains=found.etag)},
    }
    _check_that_nothing_is_missing(promises)
    Path(sys.argv[1]).write_text(json.dumps(promises))
    _date_files()


def _waiting(queue: str) -> list[int]:
    return list(Message.objects.pending().filter(queue=queue).order_by("pk").values_list("pk", flat=True))


def _check_that_nothing_is_missing(promises: dict[str, Any]) -> None:
    """Refuse a state without a run of each workflow, a message in each queue, and something in each state."""
    dead_letters = {consumer.queue for consumer in consumers() if consumer.dead_letter}
    wanted = {
        "scenes": (workflow_names(), {scene.workflow for scene in SCENES}),
        "messages": (promises["waiting"], {queue for queue, pks in promises["waiting"].items() if pks}),
        "dead letters": (dead_letters, {queue for queue, pks in promises["dead"].items() if pks}),
        "runs": (RunStatus.values, Run.objects.values_list("status", flat=True)),
        "uploads": (UploadState.values, Upload.objects.values_list("state", flat=True)),
        "bulk adds": (BulkAddState.values, [bulk_add.state for bulk_add in BulkAdd.objects.all()]),
        "purge requests": (PurgeStatus.values, PurgeRequest.objects.values_list("status", flat=True)),
    }
    missing = {what: found for what, (all_of_them, there) in wanted.items() if (found := {*all_of_them} - {*there})}
    assert not missing, missing


def _date_files() -> None:
    """Give the files the age that they have in the state."""
    at = PRESENT.timestamp()
    for folder, _folders, names in Path(settings.DATA_DIR, "files").walk():
        for name in names:
            os.utime(folder / name, (at, at))


if __name__ == "__main__":
    held.run(main)
