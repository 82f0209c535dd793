"""What holds of uploads after any fault: at once, and once the nightly sweep has looked twice."""

import hashlib
from collections import Counter
from datetime import timedelta

from uploads.models import State, Stray, Upload, Usage
from uploads.stores import store
from uploads.workflows import sweep_uploads
from workflows import engine
from workflows.models import Run
from workflows.testing import advance, run_until_idle
from workflows.transitions.guarding import LEASE

NIGHT = timedelta(days=1, minutes=1)
NIGHTS = 3  # the first ends rows and reports what has become old, the second deletes it, the third finds nothing


def assert_sound() -> None:
    """Nothing is ready without its bytes, and the ledger is the sum of the rows."""
    for upload in Upload.objects.ready():
        with store().open(upload.file) as file:
            data = file.read()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (upload.stored_size, upload.sha256)
        if upload.thumbnails_at:
            assert store().head(upload.small)
            assert store().head(upload.large)
    assert_ledger()


def assert_ledger() -> None:
    taken: Counter[int] = Counter()
    for upload in Upload.objects.exclude(owner=None):
        reserved = upload.size if upload.state in (State.PENDING, State.VERIFYING) else 0
        taken[upload.owner_id or 0] += (upload.stored_size or 0) if upload.state == State.READY else reserved
    noted = dict(Usage.objects.values_list("owner", "bytes"))
    assert noted == {owner: taken[owner] for owner in noted}
    assert set(taken) <= set(noted)


def recover() -> None:
    """Let the leases of the dead run out, and do what they left."""
    advance(LEASE)
    run_until_idle()
    assert_sound()


def assert_nothing_astray() -> None:
    """After three nights there is no row on its way, no object without a row and no ready row without its objects."""
    for _night in range(NIGHTS):
        advance(NIGHT)
        run = engine.start(sweep_uploads, {})
        run_until_idle()
        assert Run.objects.get(pk=run.pk).status == "succeeded"
        assert_sound()
    assert not Upload.objects.filter(state__in=(State.PENDING, State.VERIFYING)).exists()
    assert not Stray.objects.exists()
    needed = set()
    for upload in Upload.objects.ready():
        needed |= {upload.file, upload.small, upload.large} if upload.thumbnails_at else {upload.file}
    assert {key for key, _found in store().walk()} == needed
