"""Chromium drives the pages of a live server. A page that complains, or asks another host for anything, fails."""

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, ViewportSize, sync_playwright

from accounts.models import User
from todos.models import Role, Todo, TodoList

HERE = Path(__file__).parent
CHROMIUM = next(filter(None, map(shutil.which, ("/usr/bin/chromium", "chromium", "google-chrome"))), None)
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESKTOP: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 390, "height": 844}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if CHROMIUM is None:
                item.add_marker(pytest.mark.skip(reason="no Chromium: install `chromium` to run the browser tests"))


class Watch:
    """What the pages of a test complained about, without what the test foresees."""

    def __init__(self, host: str) -> None:
        self.hosts = {host}
        self.complaints: list[str] = []
        self._foreseen: list[str] = []

    def foresee(self, pattern: str) -> None:
        self._foreseen.append(pattern)

    def allow(self, host: str) -> None:
        """Let pages ask this host, too."""
        self.hosts.add(host)

    def add_page(self, page: Page) -> None:
        page.on("console", self._console)
        page.on("pageerror", lambda error: self._complain(f"uncaught: {error}"))
        page.on("request", self._request)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self._complain(f"{message.type} at {message.location.get('url')}: {message.text}")

    def _request(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme in {"http", "https", "ws", "wss"} and address.netloc not in self.hosts:
            self._complain(f"asked another host: {request.url}")

    def _complain(self, text: str) -> None:
        if not any(re.search(pattern, text) for pattern in self._foreseen):
            self.complaints.append(text)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # Playwright keeps an event loop in this thread, in which Django otherwise refuses to use the database.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def watch(live_server) -> Iterator[Watch]:
    watch = Watch(urlsplit(live_server.url).netloc)
    yield watch
    assert watch.complaints == []


@pytest.fixture(scope="session")
def contexts(chromium) -> dict[str, BrowserContext]:
    """Browser profiles by their options: kept from test to test, because a new one loads every style sheet anew."""
    return {}


@pytest.fixture
def open_page(chromium, contexts, live_server, watch) -> Iterator[Callable[..., Page]]:
    """Return a function that opens a browser window, of a person or of nobody."""

    def profile(**options: Any) -> BrowserContext:
        key = repr(sorted(options.items()))
        context = contexts.pop(key, None) or chromium.new_context(base_url=live_server.url, **options)
        returns.callback(give_back, key, context)
        return context

    def give_back(key: str, context: BrowserContext) -> None:
        for page in context.pages:
            page.close()
        context.unroute_all()
        context.clear_cookies()
        contexts[key] = context

    def opened(user: User | None = None, **options: Any) -> Page:
        context = profile(**({"viewport": DESKTOP, "color_scheme": "light", "reduced_motion": "reduce"} | options))
        context.set_default_timeout(10_000)
        if user:
            client = Client()
            client.force_login(user)
            cookie = client.cookies["sessionid"].value
            context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
        page = context.new_page()
        watch.add_page(page)
        return page

    with ExitStack() as returns:
        yield opened


@pytest.fixture
def page(open_page, alice) -> Page:
    """A window of Alice."""
    opened: Page = open_page(alice)
    return opened


@pytest.fixture
def kitchen(alice, bob, carol) -> TodoList:
    """Alice's list, shared with Bob and Carol: three open to-dos, one completed."""
    kitchen = TodoList.create("Flat renovation", by=alice)
    kitchen.add_member(bob, role=Role.EDITOR, by=alice)
    kitchen.add_member(carol, role=Role.READER, by=alice)
    kitchen.add("Call the electrician", by=bob).complete(by=bob)
    kitchen.add("Photograph the old sockets", by=alice)
    kitchen.add("Order tiles, 4 m² + 10 % spare", by=bob, notes="Same batch as the first delivery")
    kitchen.add("Measure the worktop", by=alice, notes="Width, depth and the gap behind the stove")
    return kitchen


@pytest.fixture
def worktop(kitchen) -> Todo:
    return Todo.objects.get(text="Measure the worktop")


@pytest.fixture
def on_page(page, worktop) -> Page:
    """The window of Alice with the page of a to-do; `window.marked` is gone where the page was loaded anew."""
    page.goto(worktop.get_absolute_url())
    page.evaluate("window.marked = true")
    return page
