"""A member's browser that sends files as the pages' scripts do, and what is there in the end."""

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from http.client import HTTPException
from pathlib import Path
from typing import Any
from uuid import uuid4

from tests.acceptance.conftest import ROOT, Running, Visitor

EMAIL, PASSWORD = "admin@example.com", "kelp holds the rock"
ADMIN = {"ADMIN_EMAIL": EMAIL, "ADMIN_PASSWORD": PASSWORD}
NOBODY = 0
"""The status where the server was killed before it answered."""

_TODO = """
from accounts.models import User
from todos.models import TodoList
alice = User.objects.get()
print(*(TodoList.create("Flat", by=alice).add("Order tiles", by=alice).pk for _ in range(4)))
"""
_AUDIT = """
from collections import Counter
from tests.uploads import soundness
from uploads.models import Upload
soundness.recover()
soundness.assert_nothing_astray()
print(sorted(Counter(Upload.objects.values_list("state", flat=True)).items()))
"""


def manage(data: Path, code: str, **environment: str) -> str:
    """Run Python within Holdfast; return the last line that it printed."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    line = [sys.executable, "manage.py", "shell", "-v0", "-c", code]
    environment = kept | environment | {"DATA_DIR": str(data)}
    done = subprocess.run(line, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.strip().rpartition("\n")[2]


def audit(holdfast: Running, data: Path, **environment: str) -> str:
    """Stop it, let three nights go by, see that nothing is lost or left; return how many uploads are in which state."""
    holdfast.stop()
    return manage(data, _AUDIT, **environment)


class Sender:
    """The first admin, with four to-dos to attach files to."""

    def __init__(self, holdfast: Running, data: Path) -> None:
        self.url = holdfast.url
        self.visitor = Visitor(self.url)
        self.visitor.sign_in(EMAIL, PASSWORD)
        self.todos = manage(data, _TODO).split()
        self._sent = 0

    def declare(self, size: int, *, type: str = "image/png") -> dict[str, Any]:
        """Return the answer to a declared file; each to-do takes twenty."""
        target = {"kind": "todo", "id": self.todos[self._sent % len(self.todos)]}
        self._sent += 1
        fields = {"name": f"{self._sent}.png", "size": size, "type": type, "target": target}
        status, answer = self.ask("/uploads/", fields)
        assert status == 201, (status, answer)
        return answer

    def ask(self, path: str, body: Any = None, *, timeout: float = 30) -> tuple[int, dict[str, Any]]:
        headers = {"Content-Type": "application/json", "Accept": "application/json", "X-CSRFToken": self.token}
        return self._open("POST", path, json.dumps(body or {}).encode(), headers, timeout=timeout)

    def state(self, upload: dict[str, Any]) -> str:
        return str(self.get(upload["status"])[1].get("state"))

    def get(self, path: str) -> tuple[int, dict[str, Any]]:
        return self._open("GET", path, None, {})

    def put(self, put: dict[str, Any], data: bytes) -> int:
        return self._open("PUT", put["url"], data, put["headers"])[0]

    def arrive(self, data: bytes) -> dict[str, Any]:
        upload = self.declare(len(data))
        assert self.put(upload["put"], data) == 200
        return upload

    def submit(self, todo: str, data: bytes) -> int:
        """Send a file by the plain form."""
        edge = uuid4().hex
        token = f'--{edge}\r\nContent-Disposition: form-data; name="csrfmiddlewaretoken"\r\n\r\n{self.token}\r\n'
        named = f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="plain.png"\r\n'
        body = f"{token}{named}Content-Type: image/png\r\n\r\n".encode() + data + f"\r\n--{edge}--\r\n".encode()
        headers = {"Content-Type": f"multipart/form-data; boundary={edge}", "Referer": self.url}
        return self._open("POST", f"/todos/{todo}/attachments/", body, headers)[0]

    @property
    def token(self) -> str:
        return next(cookie.value or "" for cookie in self.visitor.cookies if cookie.name == "csrftoken")

    def _open(
        self, method: str, url: str, body: bytes | None, headers: dict[str, str], *, timeout: float = 30
    ) -> tuple[int, dict[str, Any]]:
        address = url if url.startswith("http") else self.url + url
        request = urllib.request.Request(address, body, headers, method=method)
        try:
            with self.visitor.opener.open(request, timeout=timeout) as response:
                return response.status, _json(response.read())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, _json(error.read())
        except (OSError, HTTPException):
            return NOBODY, {}


def _json(text: bytes) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(text)
    except ValueError:
        return {}
    return found
