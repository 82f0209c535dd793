"""Uploading without JavaScript: a multipart form, whose files go to disk as they arrive and are checked like others.

A view for it is csrf_exempt, and csrf_protect only around what follows `read`: how the body is read must be settled
before the token in it is.
"""

import logging
from pathlib import Path
from typing import Any, BinaryIO, cast

from django.conf import settings
from django.core.exceptions import BadRequest, PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.http import HttpRequest, UnreadablePostError
from django.utils.translation import gettext as _

from accounts.models import User
from project.lib.connections import let_go
from project.lib.refusals import Refused
from uploads import refusals, targets
from uploads.models import Upload
from uploads.stores import store
from uploads.stores.base import StoreError
from uploads.targets import Target

log = logging.getLogger("holdfast.uploads")

MOST = 6
"""Files in one form; see settings.BODY_LIMITS for how much they may be together."""


class _Bounded(TemporaryFileUploadHandler):
    """Keeps at most one byte more of each file than is accepted, and nothing if the process is killed."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        Path(self.file.temporary_file_path()).unlink()  # it stays open
        self._kept = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        kept = raw_data[: max(settings.UPLOAD_MAX_BYTES + 1 - self._kept, 0)]
        self._kept += len(kept)
        super().receive_data_chunk(kept, start)

    def file_complete(self, file_size: int) -> UploadedFile[bytes] | None:
        return super().file_complete(min(file_size, self._kept))


def read(request: HttpRequest) -> None:
    """Read the form's fields and files; raises BadRequest where the body was cut off."""
    let_go()
    request.upload_handlers = [_Bounded(request)]
    try:
        request.POST  # noqa: B018 - reads the body
    except UnreadablePostError as error:
        raise BadRequest(_("Some of the files did not arrive completely. Send them again.")) from error


def take(request: HttpRequest, *, target: Target, by: User, field: str = "file") -> list[Upload | Refused]:
    """Store the files that were chosen and start their checks; return their uploads, and why others are refused.

    A refusal names its file; what none of the others would get past is said once, of all that are left.
    """
    files = request.FILES.getlist(field)
    names = [file.name or "" for file in files]
    taken: list[Upload | Refused] = []
    for number, file in enumerate(files[:MOST]):
        try:
            taken.append(_take(file, target=target, by=by))
        except PermissionDenied as denied:  # there is no room for one more
            return [*taken, refusals.named(Refused(str(denied), code="full"), *names[number:])]
        except Refused as refused:
            if refused.code == "store":
                return [*taken, refusals.named(refused, *names[number:])]
            taken.append(refusals.named(refused, file.name or ""))
    if files[MOST:]:
        taken.append(refusals.named(refusals.too_many(MOST), *names[MOST:]))
    return taken


def _take(file: UploadedFile[bytes], *, target: Target, by: User) -> Upload:
    kind = targets.find(target.kind)
    assert kind
    kind.may_add(by, target.id)
    upload = Upload.create(
        name=file.name or "", size=file.size or 0, type=file.content_type or "", target=target, by=by
    )
    assert file.file
    try:
        store().write(upload.incoming, cast(BinaryIO, file.file), type=upload.type)
        upload.complete(by=by)
    except StoreError as failure:
        log.error("The bytes of upload %s could not be stored: %s", upload.pk, failure)
        upload.discard(by=by)
        raise refusals.store_down() from failure
    return upload
