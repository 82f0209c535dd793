"""A signed-in member's browser, as far as uploads need one: it does what the page's script does, and counts."""

import http.client
import json
import secrets
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.test import Client

from accounts.models import User
from bench.crew import wait_for
from todos.models import Todo, TodoList
from uploads.models import State, Upload

FOLLOWS_EVERY = 2.0
"""Seconds; as todos/_attachments.html says."""


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes

    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


class Member:
    """Somebody new, with a list of their own and a to-do in it: nobody has more tries than the limits give."""

    def __init__(self, port: int, *, todos: int = 1) -> None:
        name = secrets.token_hex(6)
        self.port = port
        self.user = User.objects.create_user(email=f"{name}@example.com", name=name)
        self.list = TodoList.create("Bench", by=self.user)
        for number in range(1, todos):
            self.list.add(f"{number}: call the plumber about the pipes", by=self.user)
        self.todo: Todo = self.list.add("With files", by=self.user)
        client = Client()
        client.force_login(self.user)
        token = secrets.token_hex(16)
        cookie = f"sessionid={client.cookies['sessionid'].value}; csrftoken={token}"
        self.headers = {"Cookie": cookie, "X-CSRFToken": token, "Accept": "application/json"}
        self.asked = 0

    def ask(self, method: str, path: str, body: object = None) -> Answer:
        headers = self.headers | {"Content-Type": "application/json"}
        self.asked += 1
        answer = request(method, f"http://127.0.0.1:{self.port}{path}", json.dumps(body or {}).encode(), headers)
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status} {answer.body[:300]!r}")
        return answer

    def look(self, path: str, *, target: str = "", timeout: float = 30) -> Answer:
        """Load a page, or a part of one, on a connection of its own: any of the web processes may get it."""
        self.asked += 1
        headers = (
            self.headers | {"Accept": "text/html"} | ({"HX-Request": "true", "HX-Target": target} if target else {})
        )
        answer = request("GET", f"http://127.0.0.1:{self.port}{path}", None, headers, timeout)
        if answer.status != 200:
            raise RuntimeError(f"GET {path}: {answer.status} {answer.body[:300]!r}")
        return answer

    def declare(self, size: int, type: str = "image/jpeg") -> dict[str, Any]:
        target = {"kind": "todo", "id": str(self.todo.pk)}
        body = {"name": "bench.jpg", "size": size, "type": type, "target": target}
        return self.ask("POST", "/uploads/", body).json()

    def put(self, made: dict[str, Any], data: bytes) -> None:
        address = self.address(made)
        self.asked += urlsplit(address).port == self.port
        answer = request("PUT", address, data, made["put"]["headers"])
        if answer.status != 200:
            raise RuntimeError(f"PUT: {answer.status} {answer.body[:300]!r}")

    def address(self, made: dict[str, Any]) -> str:
        url: str = made["put"]["url"]
        return url if "://" in url else f"http://127.0.0.1:{self.port}{url}"

    def send(self, data: bytes, type: str = "image/jpeg") -> str:
        """Upload it and complete it; return the upload's id."""
        made = self.declare(len(data), type)
        self.put(made, data)
        self.ask("POST", made["complete"])
        return str(made["id"])

    def send_many(self, data: bytes, count: int) -> list[str]:
        return [self.send(data) for _number in range(count)]

    def follow(self, pk: str) -> None:
        """Wait as the page does: until the list of files does not show the upload as one that is being checked."""
        fragment = f"/todos/{self.todo.pk}/attachments/"
        end = time.monotonic() + 60
        while f'id="upload-{pk}"'.encode() in self.look(fragment, target="div#attachment-list").body:
            if time.monotonic() > end:
                raise TimeoutError(f"upload {pk} is not ready after 60 s")
            time.sleep(FOLLOWS_EVERY)


def until_ready(*pks: str, pictured: bool = False) -> None:
    """Wait until all are ready, and perhaps have their thumbnails; ask the database, not the web processes."""
    ready = Upload.objects.filter(pk__in=pks, state=State.READY)
    if pictured:
        ready = ready.filter(thumbnails_at__isnull=False)
    wait_for(lambda: ready.count() == len(pks), seconds=120, what=f"{len(pks)} ready uploads", every=0.05)


def request(method: str, address: str, body: bytes | None, headers: dict[str, str], timeout: float = 30) -> Answer:
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout)
    try:
        connection.request(method, f"{parts.path}?{parts.query}" if parts.query else parts.path, body, headers)
        answer = connection.getresponse()
        return Answer(answer.status, answer.read())
    finally:
        connection.close()
