"""Giving people their own data: one ZIP of JSON and of their own files in the private storage, for a week.

Everything besides the account comes from the apps that joined accounts.extensions.
"""

import json
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.files import File
from django.core.files.storage import default_storage
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from accounts import audit, extensions, mail
from accounts.extensions import PersonalFile, Rows
from accounts.leaving.archive_names import extractable
from accounts.links import public_url
from accounts.models import AuditKind, DataExport, User
from accounts.models.export import KEEP
from workflows import engine

WORKFLOW = "export data"
CHUNK = 500


def ask(person: User) -> bool:
    """Start an export; False if the person has one in progress or ready to download."""
    now = timezone.now()
    with transaction.atomic():
        person.data_exports.overdue(now).update(ended_at=now)
        User.objects.select_for_update().get(pk=person.pk)
        if person.data_exports.open().exists():
            return False
        made = DataExport.objects.create(person=person, asked_at=now)
        engine.start(WORKFLOW, {"key": made.pk}, id=made.run_id, by=person)
        audit.record(AuditKind.EXPORT_ASKED, person=person, actor=person)
    return True


# --- Steps of the workflow -------------------------------------------------------------------------------------------


def write(key: UUID) -> dict[str, Any] | None:
    """Write the file; return its name and size, None if nobody is waiting for it any more. Safe to repeat."""
    export = DataExport.objects.open().filter(pk=key).select_related("person").first()
    if export is None:
        return None
    with tempfile.TemporaryFile() as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, rows in _account(export.person):
                _write_rows(archive, f"{name}.json", rows)
            for extension in extensions.joined():
                for name, rows in extension.export(export.person):
                    _write_rows(archive, f"{name}.json", rows)
            taken = {name.casefold() for name in archive.namelist()}
            files = (file for extension in extensions.joined() for file in extension.files(export.person))
            lost = [file for file in files if not _write(archive, file, taken=taken)]
            if lost:
                _write_rows(archive, "missing-files.json", ({"name": file.name} for file in lost))
        size = file.tell()
        file.seek(0)
        delete_file(export.file_name)  # of an attempt that was cut off
        return {"file": default_storage.save(export.file_name, File(file)), "size": size}


def offer(key: UUID, *, file: str, size: int, now: datetime) -> bool:
    """Note that the file is ready, and mail the link; False if nobody is waiting for it any more."""
    export = DataExport.objects.open().filter(pk=key).select_related("person").select_for_update(of=["self"]).first()
    if export is None:
        return False
    export.file, export.size, export.expires_at = file, size, now + KEEP
    export.save(update_fields=["file", "size", "expires_at"])
    url = public_url(reverse("account_export_file", args=[export.pk]))
    context: dict[str, Any] = {"url": url, "expires_at": export.expires_at}
    mail.send_mail("accounts/leaving/mail/export_ready", to=export.person, context=context)
    return True


def end(key: UUID, *, now: datetime, failed: bool = False) -> None:
    DataExport.objects.open().filter(pk=key).update(ended_at=now, failed=failed)


def delete_file(name: str) -> None:
    """Delete a stored export, whether or not it exists."""
    default_storage.delete(name)


def forget_files(person_id: int) -> None:
    """Delete the files of a person who leaves."""
    for export in DataExport.objects.filter(person=person_id):
        for name in {export.file_name, export.file} - {""}:
            delete_file(name)


def forget_overdue(now: datetime) -> int:
    """Delete the files of exports whose run failed to; return how many exports."""
    overdue = list(DataExport.objects.overdue(now))
    for export in overdue:
        delete_file(export.file or export.file_name)
        end(export.pk, now=now)
    return len(overdue)


def _write_rows(archive: zipfile.ZipFile, name: str, rows: Rows) -> None:
    with archive.open(name, "w", force_zip64=True) as entry:
        entry.write(b"[")
        for number, row in enumerate(rows):
            text = json.dumps(row, cls=DjangoJSONEncoder, ensure_ascii=False)
            entry.write(f"{',' if number else ''}\n{text}".encode())
        entry.write(b"\n]\n")


def _write(archive: zipfile.ZipFile, file: PersonalFile, *, taken: set[str]) -> bool:
    """Copy the file uncompressed, as pictures do not get smaller; False if it is lost."""
    made = zipfile.ZipInfo(extractable(file.name, taken=taken), timezone.localtime(file.made_at).timetuple()[:6])
    try:
        with file.open() as source, archive.open(made, "w", force_zip64=True) as entry:
            shutil.copyfileobj(source, entry)
    except FileNotFoundError:
        return False
    return True


def _account(person: User) -> Iterator[tuple[str, Rows]]:
    fields = ("email", "name", "time_zone", "language", "theme", "unwanted_mails", "date_joined", "last_login")
    yield "account", User.objects.filter(pk=person.pk).values(*fields)
    events = audit.about(person).iterator(CHUNK)
    yield (
        "account-activity",
        ({"kind": row.kind, "at": row.at, "address": row.shown_address, "detail": row.detail} for row in events),
    )
