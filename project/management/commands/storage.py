import sys
import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from project.operations import copying, prepare
from uploads.stores import store
from uploads.stores.base import StoreError
from uploads.stores.self_test import trials
from workflows.models import Worker

WIDTH = 30


class Command(BaseCommand):
    help = "Check the store for files, or copy all files to the bucket or back to the local disk."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        verbs.add_parser("check", help="Try every operation that Holdfast needs, and say what to fix.")
        copy = verbs.add_parser(
            "copy", help="Copy all files. Stop Holdfast first. You can interrupt this and run it again."
        )
        copy.add_argument("--to", choices=["s3", "local"], required=True)

    def handle(self, *_args: Any, verb: str, **options: Any) -> None:
        if verb == "check":
            self._check()
        else:
            self._copy(options["to"])

    def _check(self) -> None:
        place = f"{settings.S3.endpoint}, {settings.S3.name}" if settings.S3 else str(settings.UPLOAD_FOLDER)
        self.stdout.write(_("Files are stored in %(place)s.") % {"place": place})
        failures = 0
        for name, failure in trials(store()):
            failures += bool(failure)
            self.stdout.write(f"  {_('failed') if failure else _('works'):<8}{name}")
            if failure:
                self.stdout.write("".join(f"          {line}\n" for line in failure.splitlines()), ending="")
        if failures:
            message = ngettext("%(count)d operation failed.", "%(count)d operations failed.", failures)
            raise CommandError(message % {"count": failures})
        self.stdout.write(_("Everything works."))

    def _copy(self, to: copying.Target) -> None:
        if settings.S3 is None:
            raise prepare.refuse(_("Set the S3_* variables: they name the bucket to copy to or from."))
        with prepare.lock_data_dir():
            self._refuse_while_in_use()
            try:
                self._copy_all(copying.Copying(to))
            except (StoreError, copying.Damaged) as error:
                raise CommandError(
                    _("%(error)s. Nothing is lost. Run the same command to continue from here.") % {"error": error}
                ) from error
        after = (
            _("Now start Holdfast with the S3_* variables.")
            if to == "s3"
            else _("Now start Holdfast without the S3_* variables.")
        )
        self.stdout.write(after)

    def _refuse_while_in_use(self) -> None:
        if worker := Worker.objects.alive().first():
            raise prepare.refuse(
                _("Worker %(name)s is running. Stop every web process and worker. One that was killed counts for 30 s.")
                % {"name": worker.name}
            )
        if count := copying.unchecked():
            raise prepare.refuse(
                ngettext(
                    "%(count)d upload is being checked. Start Holdfast, let it finish, then stop it.",
                    "%(count)d uploads are being checked. Start Holdfast, let it finish, then stop it.",
                    count,
                )
                % {"count": count}
            )

    def _copy_all(self, files: copying.Copying) -> None:
        bar = Bar(self.stdout, total=files.size)
        skipped = done = 0
        for copied in files:
            done += 1
            skipped += copied.skipped
            bar.advance(copied.size)
        bar.end()
        message = ngettext("%(count)d file is complete", "%(count)d files are complete", done)
        self.stdout.write(
            f"{message % {'count': done}}, " + _("%(count)d of them already copied before.") % {"count": skipped}
        )


class Bar:
    """A progress bar on a terminal; nothing if the output goes to a file or pipe."""

    def __init__(self, out: Any, *, total: int) -> None:
        self.out, self.total, self.done = out, total, 0
        self.began = time.monotonic()
        self.shown = bool(getattr(out, "isatty", sys.stdout.isatty)())

    def advance(self, size: int) -> None:
        self.done += size
        if self.shown:
            part = self.done / self.total if self.total else 1
            filled = int(WIDTH * part)
            speed = self.done / 1e6 / max(time.monotonic() - self.began, 0.001)
            bar = f"{'#' * filled}{'.' * (WIDTH - filled)}"
            self.out.write(f"\r[{bar}] {part:4.0%} {self.done / 1e6:.1f} MB, {speed:.1f} MB/s ", ending="")
            self.out.flush()

    def end(self) -> None:
        if self.shown:
            self.out.write("")
