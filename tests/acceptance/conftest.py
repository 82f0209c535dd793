"""Holdfast from outside: `make run` in a clone, spoken to over HTTP as a browser would with JavaScript off."""

import http.cookiejar
import os
import re
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests import template

ROOT = Path(__file__).resolve().parents[2]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def wait_for(condition, *, seconds: float, what: str):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.1)
    return pytest.fail(f"{what} did not come within {seconds} s")


def survivors(people: list[psutil.Process], *, seconds: float) -> list[psutil.Process]:
    """Return who still runs after so long; the dead whom nobody has buried yet (a zombie) do not."""
    _, left = psutil.wait_procs(people, timeout=seconds)
    return [one for one in left if _runs(one)]


def _runs(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


class Running:
    """One `make run` with a port and a folder of its own; `log` is what it printed."""

    def __init__(self, checkout: Path, *, data: Path, target: str = "run", **environment: str) -> None:
        self.port = free_port()
        self.url = f"http://localhost:{self.port}"
        self.log_file = data.parent / f"{data.name}.{self.port}.log"
        keep = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        keep |= {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "UV_", "SSL_"))}
        with self.log_file.open("wb") as log:
            self.process = subprocess.Popen(
                ["make", "--no-print-directory", target],
                cwd=checkout,
                env=keep | {"PORT": str(self.port), "DATA_DIR": str(data)} | environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def log(self) -> str:
        return self.log_file.read_text()

    def fetch(self, path: str, *, timeout: float = 5) -> tuple[int, bytes]:
        try:
            with urllib.request.urlopen(self.url + path, timeout=timeout) as response:
                return response.status, response.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()
        except OSError:
            return 0, b""

    def wait_until_healthy(self, *, seconds: float) -> float:
        """Return the seconds until /healthz answers."""
        started = time.monotonic()

        def healthy() -> bool:
            assert self.process.poll() is None, self.log
            return self.fetch("/healthz")[0] == 200

        wait_for(healthy, seconds=seconds, what="/healthz")
        return time.monotonic() - started

    def wait_for_worker(self, *, seconds: float = 20) -> None:
        wait_for(lambda: b'"worker": "ok"' in self.fetch("/readyz")[1], seconds=seconds, what="the worker")

    def family(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def find(self, *words: str) -> psutil.Process:
        """Return the topmost process whose command line has all these words."""

        def matches() -> psutil.Process | None:
            for process in self.family():
                try:
                    line = " ".join(process.cmdline())
                except psutil.Error:
                    continue
                if all(word in line for word in words):
                    return process
            return None

        found: psutil.Process = wait_for(matches, seconds=10, what=f"a process {words}")
        return found

    def stop(self, number: int = signal.SIGINT) -> float:
        """Press Ctrl-C (SIGINT to the whole group) or send another signal to it; return the seconds it took."""
        if self.process.poll() is not None:
            return 0.0
        people = self.family()
        started = time.monotonic()
        os.killpg(self.process.pid, number)
        self.process.wait(timeout=30)
        took = time.monotonic() - started
        orphans = survivors(people, seconds=1)
        for orphan in orphans:
            orphan.kill()
        assert not orphans, orphans
        return took


class Visitor:
    """A browser without JavaScript: a cookie jar, and forms posted with the token that their page holds."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.cookies = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))

    def get(self, path: str) -> tuple[int, str, str]:
        """Return status, address after redirects, and text."""
        return self._open(urllib.request.Request(self.url + path))

    def post(self, path: str, *, form_at: str, **fields: str) -> tuple[int, str, str]:
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self.get(form_at)[2])
        assert token, f"no form at {form_at}"
        data = urllib.parse.urlencode({"csrfmiddlewaretoken": token[1], **fields}).encode()
        return self._open(urllib.request.Request(self.url + path, data=data, headers={"Referer": self.url + form_at}))

    def sign_in(self, email: str, password: str) -> tuple[int, str, str]:
        return self.post("/accounts/login/", form_at="/accounts/login/", login=email, password=password)

    def _open(self, request: urllib.request.Request) -> tuple[int, str, str]:
        try:
            with self.opener.open(request, timeout=20) as response:
                return response.status, urllib.parse.urlsplit(response.url).path, response.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, urllib.parse.urlsplit(error.url).path, error.read().decode()


@pytest.fixture(scope="session")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a clone of what is committed, as a newcomer gets it."""
    target = tmp_path_factory.mktemp("newcomer") / "holdfast"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(target)], check=True)
    return target


@pytest.fixture
def run(tmp_path: Path) -> Iterator:
    started: list[Running] = []

    def start(
        checkout: Path = ROOT, *, data: Path = tmp_path / "data", empty: bool = False, **environment: str
    ) -> Running:
        """Start it on a folder that is `empty` at first, or has a migrated database in it; or once more on a folder."""
        if not empty and not data.exists():
            data.mkdir(mode=0o700)
            template.copy_file(data / "holdfast.sqlite3")
        started.append(Running(checkout, data=data, **environment))
        return started[-1]

    yield start
    for running in started:
        running.stop()


@pytest.fixture
def visitor():
    return Visitor
