"""The steps of the check: a file exists only after its bytes have been read, and consists of exactly those bytes."""

import hashlib
import logging
from datetime import datetime
from io import BytesIO
from tempfile import TemporaryFile
from typing import IO, Any, BinaryIO
from uuid import UUID

from django.utils import timezone

from uploads import verifying
from uploads.models import State, Upload
from uploads.reasons import Reason
from uploads.stores import store
from uploads.stores.base import Changed, Missing, StoreError
from uploads.verifying.decoding import DecoderError
from workflows import engine

CHUNK = 256 * 1024
SMALL, LARGE = 240, 1600

log = logging.getLogger("holdfast.uploads")


def look(upload_id: UUID) -> dict[str, str]:
    """Return the ETag of what arrived, by which all later steps read; or the reason if there is nothing to read."""
    upload = _waiting(upload_id)
    if upload is None:
        return {"reason": Reason.CHANGED.value}
    found = store().head(upload.incoming)
    if found is None:
        return {"reason": Reason.MISSING.value}
    if found.size != upload.size:
        return {"reason": Reason.WRONG_SIZE.value}
    return {"etag": found.etag}


def examine(upload_id: UUID, *, etag: str) -> dict[str, Any]:
    """Read the file and put it in its final place; return what is stored, or the reason if nothing is."""
    upload = _waiting(upload_id)
    if upload is None:
        return {"reason": Reason.CHANGED.value}
    with TemporaryFile() as copy, TemporaryFile() as stripped:
        try:
            _copy(upload, copy, etag=etag)
            examined, changed = _read(upload, copy, stripped)
            if changed:
                store().write(upload.file, stripped, type=examined.type)
            else:
                store().promote(upload.incoming, upload.file, etag=etag, type=examined.type)
        except verifying.Rejected as rejected:
            log.info("Upload %s was rejected as %s: %s", upload_id, rejected.reason, rejected)
            return {"reason": Reason(rejected.reason).value}
        except Missing:
            return {"reason": Reason.MISSING.value}
        except Changed:
            return {"reason": Reason.CHANGED.value}
        facts = {"width": examined.width, "height": examined.height}
        return facts | _stored(upload, stripped if changed else copy)


def settle(upload_id: UUID, found: dict[str, Any]) -> str:
    """Make it ready or rejected; return what it is now, which may be deleted."""
    upload = Upload.objects.filter(pk=upload_id).first()
    if upload is None:
        return State.DELETED.value
    if "reason" in found:
        upload.settle_rejected(Reason(found["reason"]))
    else:
        upload.settle_ready(stored=found)
    return State(upload.state).value


def make_thumbnails(upload_id: UUID) -> bool:
    """Write both pictures; False where the upload was deleted meanwhile, or has no picture in it."""
    upload = Upload.objects.ready().filter(pk=upload_id).first()
    if upload is None or not upload.is_picture:
        return False
    with TemporaryFile() as copy:
        _copy(upload, copy, etag=None, key=upload.file)
        for key, data in zip((upload.small, upload.large), _thumbnails(copy, type=upload.type), strict=True):
            store().write(key, BytesIO(data), type="image/webp")
    if not Upload.objects.ready().filter(pk=upload_id).update(thumbnails_at=timezone.now()):
        remove(upload_id)
        return False
    return True


def reread(upload_id: UUID) -> str:
    """Read a ready file as if it had just come in; return why it would be rejected, or "" if it would not."""
    upload = Upload.objects.ready().filter(pk=upload_id).first()
    if upload is None:
        return ""
    with TemporaryFile() as copy:
        try:
            _copy(upload, copy, etag=None, key=upload.file)
            if hashlib.file_digest(copy, "sha256").hexdigest() != upload.sha256:
                return Reason.CHANGED.value
            verifying.examine(copy, declared=upload.type, size=upload.stored_size or 0)
        except Missing:
            return Reason.MISSING.value
        except verifying.Rejected as rejected:
            return Reason(rejected.reason).value
    return ""


def note(upload_id: UUID, *, finding: str, now: datetime) -> None:
    if finding:
        log.error("Upload %s was checked again and found faulty: %s", upload_id, finding)
    Upload.objects.filter(pk=upload_id).update(finding=finding, rechecked_at=now)


def remove(upload_id: UUID) -> None:
    """Delete the bytes that are not needed: of a ready upload what was sent, of one that ended, or is gone, all."""
    state = Upload.objects.filter(pk=upload_id).values_list("state", flat=True).first() or State.DELETED
    if state in (State.PENDING, State.VERIFYING):
        return
    upload = Upload(pk=upload_id)
    for key in (upload.incoming,) if state == State.READY else upload.keys:
        store().delete(key)


def _waiting(upload_id: UUID) -> Upload | None:
    return Upload.objects.filter(pk=upload_id, state=State.VERIFYING).first()


def _copy(upload: Upload, copy: Any, *, etag: str | None, key: str = "") -> None:
    most = (upload.stored_size if key else upload.size) or 0
    with store().open(key or upload.incoming, etag=etag) as file:
        while chunk := file.read(CHUNK):
            if copy.tell() + len(chunk) > most:
                raise verifying.Rejected(Reason.WRONG_SIZE)
            copy.write(chunk)
    copy.seek(0)


def _read(upload: Upload, copy: BinaryIO, stripped: BinaryIO) -> tuple[verifying.Examined, bool]:
    """Examine the copy and write what is left without metadata; return what it is, and whether that is less."""
    try:
        examined = verifying.examine(copy, declared=upload.type, size=upload.size)
        return examined, verifying.strip(copy, type=examined.type, out=stripped)
    except (verifying.Rejected, OSError, DecoderError):
        raise
    except Exception as error:
        log.exception("Reading upload %s failed", upload.pk)
        raise verifying.Rejected(Reason.UNREADABLE) from error


def _stored(upload: Upload, file: Any) -> dict[str, Any]:
    file.seek(0)
    digest = hashlib.file_digest(file, "sha256").hexdigest()
    there = store().head(upload.file)
    if there is None or there.size != file.tell():
        raise StoreError(f"{upload.file} was written, and is not there as a whole")
    return {"stored_size": there.size, "sha256": digest}


def _thumbnails(file: IO[bytes], *, type: str) -> list[bytes]:
    try:
        return verifying.thumbnails(file, type=type, boxes=(SMALL, LARGE))
    except verifying.Rejected as rejected:
        raise engine.NonRetryable(f"no thumbnail: {rejected}") from rejected
