"""Web processes that share nothing but the stores: what may happen three times, or once, happens no oftener."""

import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from email.message import Message
from http.cookiejar import CookieJar
from itertools import count
from pathlib import Path
from threading import Barrier

import pytest
from django.conf import settings
from django.core.cache import caches
from django_ratelimit.core import _get_window

from accounts import limits
from tests.acceptance.conftest import ROOT, free_port, wait_for
from tests.conftest import PASSWORD

pytestmark = [pytest.mark.acceptance, pytest.mark.slow]

EMAIL = "olga@example.com"
LOGIN, REAUTHENTICATE = "/accounts/login/", "/accounts/reauthenticate/"
PROCESSES = TRIES = 8
JSON = {"Accept": "application/json", "X-Requested-With": "XMLHttpRequest"}
LAST_USE = """
from accounts import invitations
from accounts.models import User
print(invitations.make_link(by=User.objects.get()).link.partition(":8000")[2])
"""
COUNT = "from accounts.models import User; print(User.objects.filter(name='Racer').count())"
places = count(1)


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("limits") / "data"


def environment_of(data: Path) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")} | {
        "DATA_DIR": str(data),
        "SECRET_KEY": settings.SECRET_KEY,
        "TRUSTED_PROXIES": "127.0.0.1",
        "CLIENT_IP_HEADER": "X-Client",
    }


def manage(data: Path, *command: str) -> str:
    """Run a management command on the processes' data; return what it printed."""
    environment = environment_of(data) | {"ADMIN_EMAIL": EMAIL, "ADMIN_PASSWORD": PASSWORD}
    line = [sys.executable, "manage.py", *command]
    return subprocess.run(line, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout


@pytest.fixture(scope="module")
def processes(data) -> Iterator[list[str]]:
    """Start web processes on one DATA_DIR; return their addresses."""
    for command in ("migrate", "seed_admin", "collectstatic --no-input"):
        manage(data, *command.split())
    environment = environment_of(data)
    if "REDIS_URL" in environment:
        caches["default"].clear()
    ports = [free_port() for _ in range(PROCESSES)]
    gunicorn = [sys.executable, "-m", "gunicorn", "-c", "python:project.gunicorn", "--workers=1", "project.wsgi"]
    running = [
        subprocess.Popen(gunicorn, cwd=ROOT, env=environment | {"PORT": str(port)}, stderr=subprocess.DEVNULL)
        for port in ports
    ]
    addresses = [f"http://localhost:{port}" for port in ports]
    try:
        for address in addresses:
            wait_for(lambda address=address: answers(address), seconds=60, what=address)
        yield addresses
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait(timeout=30)


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/healthz", timeout=5) as response:
            return response.status == 200
    except OSError:
        return False


class Browser:
    """One browser at one client address, which the proxy in front vouches for."""

    def __init__(self, place: str) -> None:
        self.place, self.cookies = place, CookieJar()
        self.opener = urllib.request.build_opener(Stay, urllib.request.HTTPCookieProcessor(self.cookies))

    def get(self, url: str) -> tuple[int, Message]:
        return self._open(url, None, {})

    def post(self, url: str, fields: dict[str, str], headers: dict[str, str] | None = None) -> tuple[int, Message]:
        fields |= {"csrfmiddlewaretoken": self.token()}
        return self._open(url, urllib.parse.urlencode(fields).encode(), headers or {})

    def token(self) -> str:
        return next(cookie.value or "" for cookie in self.cookies if cookie.name == "csrftoken")

    def _open(self, url: str, body: bytes | None, headers: dict[str, str]) -> tuple[int, Message]:
        request = urllib.request.Request(url, body, {"X-Client": self.place} | headers)
        try:
            with self.opener.open(request, timeout=30) as response:
                return response.status, response.headers
        except urllib.error.HTTPError as error:
            return error.code, error.headers


class Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args):
        return None


def place_with_time() -> str:
    """Return a client address whose window has just begun, so that it does not end during the test."""
    for number in places:
        place = f"2001:db8:0:{number:x}::"
        value = f"{limits.account_key(EMAIL)} {place}/64"
        if _get_window(value, 10) + 1 - time.time() > 9:  # a window ends after its last second
            return place
    raise AssertionError


def test_of_eight_at_once_three_are_checked(processes):
    browsers = [Browser("") for _ in range(TRIES)]
    urls = [f"{processes[number % PROCESSES]}{LOGIN}" for number in range(TRIES)]
    for browser, url in zip(browsers, urls, strict=True):
        browser.get(url)
    barrier, place = Barrier(TRIES), place_with_time()

    def sign_in(browser: Browser, url: str) -> tuple[int, Message]:
        browser.place = place
        barrier.wait(timeout=10)
        return browser.post(url, {"login": EMAIL, "password": "wrong"})

    with ThreadPoolExecutor(TRIES) as pool:
        found = list(pool.map(sign_in, browsers, urls))
    assert sorted(status for status, _headers in found) == [200] * 3 + [429] * 5
    waits = {int(headers["Retry-After"]) for status, headers in found if status == 429}
    assert waits <= set(range(1, 11))


def test_of_eight_that_race_for_the_last_use_one_gets_in(processes, data):
    path = manage(data, "shell", "-v0", "-c", LAST_USE).strip()
    browsers = [Browser(f"2001:db8:1:{number:x}::") for number in range(TRIES)]
    urls = [f"{process}{path}" for process in processes]
    for browser, url in zip(browsers, urls, strict=True):
        browser.get(url)
    barrier = Barrier(TRIES)

    def accept(number: int) -> int:
        fields = {"name": "Racer", "email": f"racer{number}@example.com", "password": PASSWORD}
        barrier.wait(timeout=10)
        return browsers[number].post(urls[number], fields)[0]

    with ThreadPoolExecutor(TRIES) as pool:
        statuses = sorted(pool.map(accept, range(TRIES)))
    assert statuses == [302] + [410] * 7
    assert manage(data, "shell", "-v0", "-c", COUNT).strip() == "1"


def test_the_fourth_try_is_refused_at_every_door_of_every_process(processes):
    browser, member = Browser(""), Browser("2001:db8:ffff::1")
    for one in (browser, member):
        one.get(f"{processes[0]}{LOGIN}")
    assert member.post(f"{processes[0]}{LOGIN}", {"login": EMAIL, "password": PASSWORD})[0] == 302
    member.get(f"{processes[0]}{REAUTHENTICATE}")
    browser.place = member.place = place_with_time()
    wrong = {"login": EMAIL, "password": "wrong"}
    assert browser.post(f"{processes[0]}{LOGIN}", wrong)[0] == 200
    assert browser.post(f"{processes[1]}{LOGIN}", wrong, JSON)[0] == 400
    assert member.post(f"{processes[2]}{REAUTHENTICATE}", wrong)[0] == 200
    right = wrong | {"password": PASSWORD}
    for process in processes:
        at_the_admin, headers = browser.post(f"{process}/admin/login/", right | {"username": EMAIL})
        assert (at_the_admin, headers["Location"].partition("?")[0]) == (302, LOGIN)
        refused = [
            browser.post(f"{process}{LOGIN}", right),
            browser.post(f"{process}{headers['Location']}", right),
            browser.post(f"{process}{LOGIN}", right, JSON),
            browser.post(f"{process}{LOGIN}", right, {"HX-Request": "true"}),
            browser.post(f"{process}{LOGIN}", right | {"login": f" {EMAIL.upper()}"}, {"X-Forwarded-For": "192.0.2.1"}),
            member.post(f"{process}{REAUTHENTICATE}", right),
        ]
        assert [status for status, _headers in refused] == [429] * 6
        assert all(1 <= int(headers["Retry-After"]) <= 10 for _status, headers in refused)


@pytest.mark.skipif("REDIS_URL" in os.environ, reason="takes the embedded store's file away")
def test_without_its_store_every_process_keeps_the_door_shut(processes, data):
    browsers = [Browser(place_with_time()) for _ in processes]
    for browser, process in zip(browsers, processes, strict=True):
        browser.get(f"{process}{LOGIN}")
    for file in data.glob("cache.sqlite3*"):
        file.unlink()
    store = data / "cache.sqlite3"
    store.mkdir()
    try:
        for browser, process in zip(browsers, processes, strict=True):
            status, headers = browser.post(f"{process}{LOGIN}", {"login": EMAIL, "password": PASSWORD})
            assert (status, headers["Retry-After"]) == (503, "10")
            assert browser.get(f"{process}{LOGIN}")[0] == 200
    finally:
        shutil.rmtree(store)
