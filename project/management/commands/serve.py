import contextlib
import selectors
import signal
import socket
import sys
import time
from pathlib import Path
from types import FrameType
from typing import IO, Any

from django.conf import settings
from django.core import checks
from django.core.management.base import BaseCommand
from django.db import connections, transaction

from accounts.operators.seeding import SeedResult, seed_first_admin
from project.lib import logs
from project.operations import prepare
from workflows.worker.processes import Child

GRACE = 4.5  # seconds to stop in, before whatever is left is killed


class Command(BaseCommand):
    help = "Prepare everything, then run web and worker processes until Ctrl-C or SIGTERM."
    requires_system_checks: list[str] = []

    def handle(self, *_args: Any, **_options: Any) -> None:
        self._check()
        lock = prepare.lock_data_dir()
        with prepare.listen() as listener, lock:
            self._prepare()
            Fleet(listener, out=self.stdout).run()

    def _check(self) -> None:
        errors = {message.msg for message in checks.run_checks() if message.is_serious() and not message.is_silenced()}
        if errors:
            raise prepare.refuse("\n".join(sorted(errors)))

    def _prepare(self) -> None:
        applied = prepare.migrate()
        if applied:
            self._say(f"Database: applied {len(applied)} migration{'s' * (len(applied) != 1)}.")
        if prepare.collect_static():
            self._say("Static files: collected.")
        with (
            transaction.atomic()
        ):  # shown first, then saved: if interrupted in between, the next start shows a new password
            seeded = seed_first_admin()
            if seeded:
                self._present(seeded)
        for warning in prepare.warnings():
            self._say(warning)
        self._say(f"Holdfast is running at {settings.PUBLIC_URL} (operators: {settings.PUBLIC_URL}/admin/)")
        self._say("Press Ctrl-C to stop it.")
        connections.close_all()

    def _present(self, seeded: SeedResult) -> None:
        if seeded.password:
            self._say(
                "\nThe first admin is ready. This password is shown only once:\n"
                f"  email:    {seeded.user.email}\n  password: {seeded.password}\n"
            )
        else:
            kept = "the one in ADMIN_PASSWORD" if seeded.password_set else "unchanged"
            self._say(f"The first admin is ready: {seeded.user.email}. The password is {kept}.")

    def _say(self, text: str) -> None:
        self.stdout.write(_line(text, process="serve"))
        self.stdout.flush()


class Fleet:
    """Web and worker, each restarted when it dies; their output is shown here, each line with its name."""

    def __init__(self, listener: socket.socket, *, out: Any) -> None:
        manage = Path(settings.BASE_DIR) / "manage.py"
        config = Path(settings.BASE_DIR) / "project" / "gunicorn.py"
        socket_ = listener.fileno()
        web = [sys.executable, "-m", "gunicorn", "-c", str(config), "-b", f"fd://{socket_}", "project.wsgi"]
        worker = [sys.executable, str(manage), "worker"]
        self.children = {
            "web": Child(web, env=_environment("web"), pass_fds=[socket_], piped=True),
            "worker": Child(worker, env=_environment("worker"), piped=True),
        }
        self.out = out
        self.selector = selectors.DefaultSelector()
        self.stop_signal = 0

    def run(self) -> None:
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        while not self.stop_signal:
            for name, child in self.children.items():
                if (status := child.reap()) is not None:
                    self._say(name, f"ended with status {status}; restarting it")
                if child.due():
                    child.start()
                    self._follow(name, child)
            self._relay(timeout=0.2)
        self._end()

    def _stop(self, number: int, _frame: FrameType | None) -> None:
        self.stop_signal = number

    def _end(self) -> None:
        for child in self.children.values():
            child.terminate()
        deadline = time.monotonic() + GRACE
        while not all(child.stopped() for child in self.children.values()) and time.monotonic() < deadline:
            self._relay(timeout=0.05)
        for child in self.children.values():
            child.kill()
        self._relay(timeout=0)
        self._say("serve", "Holdfast has stopped.")

    def _follow(self, name: str, child: Child) -> None:
        if child.output:
            self.selector.register(child.output, selectors.EVENT_READ, (name, bytearray()))

    def _relay(self, *, timeout: float) -> None:
        """Pass on what the children write, in whole lines."""
        if not self.selector.get_map():
            time.sleep(timeout)
        for key, _ in self.selector.select(timeout):
            name, held = key.data
            stream: IO[bytes] = key.fileobj  # type: ignore[assignment]
            data = stream.read(65536)
            held += data
            *lines, rest = held.split(b"\n")
            held[:] = rest
            for line in lines:
                self._say(name, line.decode(errors="backslashreplace"))
            if not data:
                self.selector.unregister(stream)
                stream.close()

    def _say(self, name: str, line: str) -> None:
        with contextlib.suppress(OSError):  # a full disk or a closed pipe under the log must not end the service
            self.out.write(_line(line, process=name))
            self.out.flush()


def _environment(process: str) -> dict[str, str]:
    return {"PYTHONUNBUFFERED": "1", "HOLDFAST_PROCESS": process}


def _line(text: str, *, process: str) -> str:
    if settings.LOG_FORMAT == "json":
        return logs.as_json(text, process=process)
    return text if process == "serve" else f"{process:<6} | {text}"
