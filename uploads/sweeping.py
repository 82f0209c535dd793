"""The nightly search for things that should not exist: reported when first found, deleted when found again.

An object is stray when no row needs it: it was sent after its upload had ended, or left by a process that was killed. A
row is stray when it is ready and its file is gone. Rows wait longer: behind a store that lost all files, there may be
an operator who named the wrong one.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import batched, chain, islice
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from accounts.models import User
from uploads import targets
from uploads.models import State, Stray, StrayKind, Upload, Usage
from uploads.reasons import Reason
from uploads.stores import store
from uploads.stores.base import Found
from workflows import engine
from workflows.models import Run

ABANDONED_AFTER = STUCK_AFTER = YOUNG = timedelta(days=1)
DISMISSED_AFTER = timedelta(days=7)
FORGOTTEN_AFTER = timedelta(days=30)
SECOND_LOOK = {
    StrayKind.OBJECT: timedelta(hours=20),
    StrayKind.UNUSED: timedelta(hours=20),
    StrayKind.ROW: timedelta(days=7),
}
FOLDERS = ("incoming/", "uploads/", "tmp/")
"""Our folders in the store; a bucket may hold other things."""
CHUNK = 500

log = logging.getLogger("holdfast.uploads")


# --- Rows whose time is over -----------------------------------------------------------------------------------------


def abandon(now: datetime, *, limit: int) -> int:
    """Delete uploads that were started a day ago and never completed; return how many."""
    return _discard(Upload.objects.never_completed(now - ABANDONED_AFTER)[:limit])


def dismiss_rejected(now: datetime, *, limit: int) -> int:
    return _discard(Upload.objects.rejected_before(now - DISMISSED_AFTER)[:limit])


def end_stuck(now: datetime, *, limit: int) -> int:
    """Reject those whose check failed to finish: its run was cancelled or lost. Return how many."""
    dead = _some(Upload.objects.stuck(now - STUCK_AFTER).order_by("pk"), _without_run, limit=limit)
    locked = Upload.objects.filter(pk__in=[upload.pk for upload in dead]).locked()
    return sum(upload.settle_rejected(Reason.STORE_FAILED) for upload in locked)


def forget_deleted(now: datetime, *, limit: int) -> int:
    """Delete rows of uploads that were deleted a month ago; return how many."""
    unused = _some(Upload.objects.deleted_before(now - FORGOTTEN_AFTER).order_by("pk"), _unused, limit=limit)
    Upload.objects.filter(pk__in=[upload.pk for upload in unused], state=State.DELETED).delete()
    return len(unused)


# --- What is in one place and not in the other -----------------------------------------------------------------------


def report(now: datetime) -> dict[str, int]:
    """Note the strays that are there, and forget those that are not any more; return how many of which kind."""
    present: set[bytes] = set()
    counts = {StrayKind.OBJECT: 0, StrayKind.ROW: 0, StrayKind.UNUSED: 0}
    for objects in batched(chain.from_iterable(store().walk(folder) for folder in FOLDERS), CHUNK):
        present.update(id.bytes for key, _found in objects if (id := _id(key)) and key.endswith("/file"))
        counts[StrayKind.OBJECT] += _note(StrayKind.OBJECT, _needless(objects, now=now), now=now)
    old = Upload.objects.ready().filter(settled_at__lte=now - YOUNG).order_by("pk")
    if not present and old.exists():
        raise engine.NonRetryable("the store holds no file of all that are ready: is it the right one?")
    for uploads in batched(old.iterator(CHUNK), CHUNK):
        lost = [(str(upload.pk), upload.stored_size or 0) for upload in uploads if upload.pk.bytes not in present]
        counts[StrayKind.ROW] += _note(StrayKind.ROW, lost, now=now)
        unused = [(str(upload.pk), upload.stored_size or 0) for upload in _unused(uploads, when_unknown=False)]
        counts[StrayKind.UNUSED] += _note(StrayKind.UNUSED, unused, now=now)
    Stray.objects.filter(seen_at__lt=now).delete()
    if any(counts.values()):
        log.warning("Stray files or rows found: %s", ", ".join(f"{count} {kind}" for kind, count in counts.items()))
    return {f"stray {kind}": count for kind, count in counts.items()}


def delete(now: datetime) -> dict[str, int]:
    """Delete those that an earlier sweep had found already, where they still are stray; return how many."""
    counts = {}
    for kind, ends in ((StrayKind.OBJECT, _delete_object), (StrayKind.ROW, _end_row), (StrayKind.UNUSED, _end_unused)):
        strays = list(Stray.objects.found_before(now - SECOND_LOOK[kind], kind=kind))
        counts[f"deleted {kind}"] = sum(ends(stray, now=now) for stray in strays)
        for chunk in batched(strays, CHUNK):
            Stray.objects.filter(pk__in=[stray.pk for stray in chunk]).delete()
    return counts


def _delete_object(stray: Stray, *, now: datetime) -> bool:
    found = store().head(stray.key)
    if found is None or not _needless([(stray.key, found)], now=now):
        return False
    store().delete(stray.key)
    log.info("Deleted %s, which nothing refers to", stray.key)
    return True


def _end_row(stray: Stray, *, now: datetime) -> bool:  # noqa: ARG001 - one shape for all kinds
    upload = Upload.objects.ready().filter(pk=stray.key).first()
    if upload is None or store().head(upload.file):
        return False
    log.error("Upload %s has lost its file and was ended", upload.pk)
    return upload.lose(by=None)


def _end_unused(stray: Stray, *, now: datetime) -> bool:  # noqa: ARG001 - one shape for all kinds
    with transaction.atomic():
        upload = Upload.objects.ready().select_for_update(no_key=True).filter(pk=stray.key).first()
        return bool(upload and _unused([upload], when_unknown=False) and upload.discard(by=None))


def _needless(objects: Iterable[tuple[str, Found]], *, now: datetime) -> list[tuple[str, int]]:
    """Return keys and sizes of the objects that are a day old and that no row needs."""
    old = [(key, found.size) for key, found in objects if found.modified_at <= now - YOUNG]
    ids = {id for key, _size in old if (id := _id(key))}
    rows = Upload.objects.only("state", "thumbnails_at").in_bulk(ids)
    return [(key, size) for key, size in old if not ((id := _id(key)) in rows and key in _needed_by(rows[id]))]


def _needed_by(upload: Upload) -> tuple[str, ...]:
    pictures = (upload.small, upload.large) if upload.thumbnails_at else ()
    needed: dict[State, tuple[str, ...]] = {
        State.PENDING: (upload.incoming,),
        State.VERIFYING: upload.keys,
        State.READY: (upload.file, *pictures),
    }
    return needed.get(State(upload.state), ())


def _id(key: str) -> UUID | None:
    parts = key.split("/")
    try:
        return UUID(parts[1]) if parts[0] in ("incoming", "uploads") else None
    except (IndexError, ValueError):
        return None


def _note(kind: StrayKind, found: Iterable[tuple[str, int]], *, now: datetime) -> int:
    rows = [Stray(kind=kind, key=key, size=size, found_at=now, seen_at=now) for key, size in found]
    Stray.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["kind", "key"], update_fields=["size", "seen_at"]
    )
    return len(rows)


def _some(found: QuerySet[Upload], chosen: Callable[[Sequence[Upload]], list[Upload]], *, limit: int) -> list[Upload]:
    """Return the first that are chosen, however many come before that are not."""
    return list(islice(chain.from_iterable(map(chosen, batched(found.iterator(CHUNK), CHUNK))), limit))


def _without_run(uploads: Sequence[Upload]) -> list[Upload]:
    runs = Run.objects.unfinished().filter(pk__in=[upload.run_id for upload in uploads])
    alive = set(runs.values_list("pk", flat=True))
    return [upload for upload in uploads if upload.run_id not in alive]


def _unused(uploads: Iterable[Upload], *, when_unknown: bool = True) -> list[Upload]:
    """Return those that nothing is attached to; `when_unknown` says whether that holds where a kind cannot tell."""
    uploads = list(uploads)
    found = []
    for name in {upload.target_kind for upload in uploads}:
        theirs = [upload for upload in uploads if upload.target_kind == name]
        kind = targets.find(name)
        if kind is None or kind.kept is None:
            found += theirs if when_unknown else []
            continue
        kept = kind.kept([upload.pk for upload in theirs])
        found += [upload for upload in theirs if upload.pk not in kept]
    return found


def _discard(uploads: QuerySet[Upload]) -> int:
    """Delete them, locked, so that none of them is completed since it was found."""
    return sum(upload.discard(by=None) for upload in uploads.select_for_update(no_key=True))


# --- The ledger ------------------------------------------------------------------------------------------------------


def owners() -> list[int]:
    with_uploads = Upload.objects.exclude(owner=None).values("owner")
    found: Iterator[int] = User.objects.filter(pk__in=with_uploads.union(Usage.objects.values("owner"))).values_list(
        "pk", flat=True
    )
    return sorted(found)


def reconcile(owner_ids: Sequence[int]) -> int:
    """Count again what the members' uploads take; return how many were noted wrongly."""
    still_there = User.objects.filter(pk__in=owner_ids).values_list("pk", flat=True)  # since the step that found them
    return sum(_reconcile(owner_id) for owner_id in sorted(still_there))


def _reconcile(owner_id: int) -> bool:
    """Count again; return whether it was noted wrongly. What is changing right now is added to the new count."""
    with transaction.atomic():
        row, _made = Usage.objects.get_or_create(owner_id=owner_id)
        noted = Usage.objects.select_for_update().get(pk=row.pk).bytes
        counted = Upload.objects.filter(owner=owner_id).bytes_taken()
        if noted == counted:
            return False
        Usage.objects.filter(pk=row.pk).update(bytes=counted)
    log.error("The recorded usage of member %d was %d bytes but is %d", owner_id, noted, counted)
    return True
