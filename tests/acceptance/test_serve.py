"""What an operator meets: killed children, a second start, a busy port, a folder that cannot be written."""

import json
import shutil
import signal
import socket
import socketserver
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from tests.acceptance.conftest import ROOT, survivors, wait_for

pytestmark = pytest.mark.acceptance
ADMIN = {"ADMIN_EMAIL": "admin@example.com", "ADMIN_PASSWORD": "kelp holds the rock"}
PROMISED = 15  # seconds from a kill until the work in hand is done
PATIENCE = 60  # seconds after which nothing is measured any more


def test_killed_processes_and_a_second_start(run):
    """In one test, because each start costs seconds."""
    holdfast = run(**ADMIN)
    holdfast.wait_until_healthy(seconds=60)
    a_killed_web_child_is_back_and_nobody_is_refused_meanwhile(holdfast)
    a_second_start_on_the_same_folder_is_refused(holdfast, run)
    killing_the_supervisor_leaves_no_orphan(holdfast)


def a_killed_web_child_is_back_and_nobody_is_refused_meanwhile(holdfast):
    web = holdfast.find("gunicorn")
    web.send_signal(signal.SIGKILL)
    web.wait(timeout=5)
    # It is not refused: it waits in the socket that the supervisor holds, for as long as a start takes here.
    assert holdfast.fetch("/healthz", timeout=PATIENCE)[0] == 200
    assert holdfast.find("gunicorn").pid != web.pid


def a_second_start_on_the_same_folder_is_refused(first, run):
    second = run(**ADMIN)
    assert second.process.wait(timeout=60) == 2
    assert "Another Holdfast (process" in second.log
    assert "Traceback" not in second.log
    assert first.fetch("/healthz")[0] == 200


def killing_the_supervisor_leaves_no_orphan(holdfast):
    holdfast.wait_for_worker()
    people = holdfast.family()
    holdfast.find("manage.py", "serve").send_signal(signal.SIGKILL)
    assert not survivors(people, seconds=10)


@pytest.mark.slow
def test_the_job_in_hand_of_a_killed_worker_is_done_after_all(run, visitor):
    with MailServer() as mail_server:
        mail_server.stall_first = True
        holdfast = run(EMAIL_URL=f"smtp://127.0.0.1:{mail_server.port}", **ADMIN)
        holdfast.wait_until_healthy(seconds=60)
        holdfast.wait_for_worker()
        reset = "/accounts/password/reset/"
        visitor(holdfast.url).post(reset, form_at=reset, email=ADMIN["ADMIN_EMAIL"])
        assert mail_server.first_connection.wait(timeout=10)  # the job is in the worker's hand

        worker = holdfast.find("manage.py", "worker")
        people = [worker, *worker.children(recursive=True)]
        killed_at = time.monotonic()
        worker.send_signal(signal.SIGKILL)
        assert not survivors(people, seconds=3)
        new = wait_for(lambda: holdfast.find("manage.py", "worker"), seconds=3, what="a new worker")
        assert new.pid != worker.pid

        message = wait_as_promised(lambda: mail_server.messages, since=killed_at, what="the mail")[0]
        assert "/accounts/password/reset/key/" in message


@pytest.mark.slow
@pytest.mark.parametrize("idle", ["workers", "monitor", "sentinel", "cluster"])
def test_killing_an_idle_process_of_the_cluster_does_not_make_it_deaf(run, visitor, tmp_path, idle):
    holdfast = run(**ADMIN)
    holdfast.wait_until_healthy(seconds=60)
    holdfast.wait_for_worker()
    cluster = holdfast.find("manage.py", "--cluster")
    sentinel = cluster.children()[0]
    workers = sentinel.children()[:2]  # one of the two waits with the queue's lock in its hand
    monitor = sentinel.children()[2:3]
    killed_at = time.monotonic()
    for victim in {"cluster": [cluster], "sentinel": [sentinel], "workers": workers, "monitor": monitor}[idle]:
        victim.send_signal(signal.SIGKILL)
    reset = "/accounts/password/reset/"
    visitor(holdfast.url).post(reset, form_at=reset, email=ADMIN["ADMIN_EMAIL"])
    wait_as_promised(lambda: list((tmp_path / "data/mail").glob("*.eml")), since=killed_at, what="the mail")
    wait_as_promised(lambda: pending(tmp_path / "data") == 0, since=killed_at, what="the mail's acknowledgement")


def wait_as_promised(condition, *, since: float, what: str):
    """Fail where it takes longer than is promised, with the time that it took."""
    found = wait_for(condition, seconds=PATIENCE, what=what)
    took = time.monotonic() - since
    assert took <= PROMISED, f"{what} came after {took:.1f} s"
    return found


def pending(data: Path) -> int:
    with closing(sqlite3.connect(data / "holdfast.sqlite3")) as database:
        return database.execute("SELECT count(*) FROM workflows_message WHERE due_at IS NOT NULL").fetchone()[0]


class MailServer(socketserver.ThreadingTCPServer):
    """An SMTP server on loopback that keeps what it gets; it may leave its first client without an answer."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), MailSession)
        self.port = self.server_address[1]
        self.stall_first = False
        self.first_connection = threading.Event()
        self.messages: list[str] = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def __exit__(self, *args) -> None:
        self.shutdown()
        super().__exit__(*args)


class MailSession(socketserver.StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        first = not self.server.first_connection.is_set()
        self.server.first_connection.set()
        if first and self.server.stall_first:
            self.rfile.readline()  # ends when the client is gone
            return
        self.wfile.write(b"220 sink\r\n")
        while line := self.rfile.readline():
            if line.upper().startswith(b"DATA"):
                self.wfile.write(b"354 go on\r\n")
                lines = list(iter(self.rfile.readline, b".\r\n"))
                self.server.messages.append(b"".join(lines).decode())
            self.wfile.write(b"221 bye\r\n" if line.upper().startswith(b"QUIT") else b"250 ok\r\n")


def test_a_busy_port_is_refused(run, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        refused = run(PORT=str(other.getsockname()[1]))
        assert refused.process.wait(timeout=60) == 2
    assert "Cannot listen on 127.0.0.1 port" in refused.log
    assert "Traceback" not in refused.log


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"DATA_DIR": "/proc/holdfast"}, "cannot be written to"),
        ({"DATABASE_URL": "nonsense"}, "DATABASE_URL must begin with"),
        ({"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}, "The database cannot be used"),
        ({"ADMIN_PASSWORD": "short"}, "password"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY is shorter"),
    ],
)
def test_a_bad_setting_is_one_clear_line_and_status_2(run, environment, words):
    refused = run(**environment)
    assert refused.process.wait(timeout=60) == 2
    assert words in refused.log
    assert "Traceback" not in refused.log


@pytest.mark.slow
def test_ctrl_c_ends_it_quietly_while_it_prepares(run):
    for number, seconds in [(signal.SIGINT, 0.2), (signal.SIGINT, 0.5), (signal.SIGINT, 1), (signal.SIGTERM, 2)]:
        interrupted = run(empty=True, **ADMIN)
        wait_for(lambda: has_begun(interrupted), seconds=10, what="manage.py")  # noqa: B023 - used at once
        time.sleep(seconds)  # not 0: for its first 0.05 s Python itself answers, with a traceback
        assert interrupted.stop(number) < 5
        assert interrupted.process.returncode in {-number, 2}  # 2 where make hears of its child's end first
        assert "Traceback" not in interrupted.log
        assert "KeyboardInterrupt" not in interrupted.log
    run(empty=True, **ADMIN).wait_until_healthy(seconds=60)


def has_begun(running) -> bool:
    """Is `make run` past bin/setup?"""
    return any(
        child.cmdline()[1:] == ["manage.py", "serve"] for child in psutil.Process(running.process.pid).children()
    )


@pytest.mark.slow
def test_with_json_logs_every_line_is_an_object_that_names_its_process(run):
    holdfast = run(LOG_FORMAT="json", **ADMIN)
    holdfast.wait_until_healthy(seconds=60)
    holdfast.fetch("/accounts/login/")
    holdfast.find("gunicorn").send_signal(signal.SIGKILL)
    holdfast.fetch("/accounts/login/")
    serve = holdfast.find("manage.py", "serve")
    serve.send_signal(signal.SIGTERM)
    holdfast.process.wait(timeout=10)
    entries = [json.loads(line) for line in holdfast.log.splitlines()]
    assert {entry["process"] for entry in entries} == {"serve", "web"}
    assert "GET /accounts/login/ 200" in [entry["message"].rpartition(" ms")[0][:24] for entry in entries]


@pytest.mark.slow
def test_a_copy_is_kept_before_a_migration_and_only_then(run, tmp_path):
    data = tmp_path / "data"
    first = run(data=data, empty=True, **ADMIN)
    first.wait_until_healthy(seconds=60)
    first.stop()
    assert not (data / "backups").exists()
    manage = [str(ROOT / ".venv/bin/python"), "manage.py", "migrate", "--verbosity=0", "workflows", "zero"]
    subprocess.run(manage, cwd=ROOT, env={"DATA_DIR": str(data), "PATH": "/usr/bin:/bin"}, check=True)
    second = run(data=data, **ADMIN)
    second.wait_until_healthy(seconds=60)
    (copy,) = (data / "backups").iterdir()
    with sqlite3.connect(copy) as kept:
        assert kept.execute("SELECT email FROM accounts_user").fetchall() == [("admin@example.com",)]


@pytest.mark.slow
def test_an_environment_that_was_left_half_made_is_made_anew(tmp_path):
    shutil.copytree(ROOT / "bin", tmp_path / "bin")
    for name in ("requirements-build.txt", "requirements.txt"):
        (tmp_path / name).touch()
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / ".venv"], check=True)
    environment = {"PATH": "/usr/bin:/bin", "PYTHON": str(Path(sys.executable).resolve()), "HOME": str(tmp_path)}
    subprocess.run([tmp_path / "bin/setup"], env=environment, check=True, capture_output=True)
    subprocess.run([tmp_path / ".venv/bin/python", "-m", "pip", "--version"], check=True, capture_output=True)


def test_without_a_python_it_says_what_to_install(tmp_path):
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("sh", "dirname", "echo"):
        (tools / name).symlink_to(Path("/bin") / name if (Path("/bin") / name).exists() else Path("/usr/bin") / name)
    (tools / "python3.13").write_text("#!/bin/sh\nexit 127\n")  # a version manager's shim
    (tools / "python3.13").chmod(0o755)
    done = subprocess.run(
        ["/bin/sh", "bin/find-python"],
        cwd=ROOT,
        env={"PATH": str(tools), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    (line,) = done.stderr.strip().splitlines()
    for system in ("Debian 12", "uv", "Ubuntu", "Fedora", "macOS"):
        assert system in line
