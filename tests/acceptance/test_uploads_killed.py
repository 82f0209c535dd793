"""kill -9 of web and worker at every step of an upload's way, on the local disk and with a bucket."""

import os
import signal
import socket
import threading
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.acceptance.conftest import survivors, wait_for
from tests.acceptance.held import hold
from tests.acceptance.sending import ADMIN, NOBODY, Sender, audit
from tests.todos.attachments.files import noise, picture

pytestmark = [pytest.mark.acceptance, pytest.mark.slow]

POINTS = [
    "head incoming before",
    "open incoming before",  # not read yet
    "open incoming after",
    "promote incoming before",  # read and found good
    "promote incoming after",
    "head file after",  # before it is settled
    "delete incoming before",  # settled
    "delete incoming after",
    "open file before",
    "write small.webp before",
    "write small.webp after",
    "write large.webp after",  # both are there, and no row says so
]
PNG = picture()
BACK = 60  # seconds within which everything is ready again; a lease lasts ten, and each of the pool may be replaced


@pytest.fixture(params=["local", "s3"])
def environment(request, tmp_path) -> dict[str, str]:
    (tmp_path / "tmp").mkdir()
    found = {"DJANGO_SETTINGS_MODULE": "tests.acceptance.held_settings", "TMPDIR": str(tmp_path / "tmp")}
    if request.param == "s3":
        found |= request.getfixturevalue("s3_server").environment()
    return found


def test_killed_at_every_step(run, tmp_path, environment):
    """In one test, because each start costs seconds."""
    data = tmp_path / "data"
    holdfast = run(data=data, **ADMIN, **environment)
    holdfast.wait_until_healthy(seconds=60)
    holdfast.wait_for_worker()
    sender = Sender(holdfast, data)
    sent = killing_the_worker_at_each_point(sender, data)
    sent.append(killing_all_of_the_worker(holdfast, sender, data))
    sent.append(killing_the_web_process_within_a_completion(sender, data, "before"))
    sent.append(killing_the_web_process_within_a_completion(sender, data, "after"))
    sent.append(killing_all_of_the_web_between_the_steps(holdfast, sender))
    abandoned = killing_the_web_process_within_a_plain_form(sender, data)
    if "S3_BUCKET" not in environment:
        sent += killing_the_web_process_within_a_put(holdfast, sender, data)
    for upload in sent:
        wait_for(lambda: sender.state(upload) == "ready", seconds=BACK, what=f"{upload['id']}")  # noqa: B023
    counts = [("deleted", abandoned), ("ready", len(sent) + abandoned)]
    assert audit(holdfast, data, **environment) == str(counts)
    assert not list((tmp_path / "tmp").glob("*.upload*"))


def kill_at(reached: Path) -> None:
    """Kill the process that came to the point."""
    wait_for(reached.exists, seconds=30, what=reached.name)
    os.kill(int(reached.read_text()), signal.SIGKILL)


def killing_the_worker_at_each_point(sender: Sender, data: Path) -> list[dict]:
    sent = []
    for point in POINTS:
        upload = sender.arrive(PNG)
        reached = hold(data, f"worker {point} {upload['id']}")
        assert sender.ask(upload["complete"])[0] == 202
        kill_at(reached)
        settled = POINTS.index(point) >= POINTS.index("delete incoming before")
        assert sender.state(upload) == ("ready" if settled else "verifying"), point
        sent.append(upload)
    return sent


def killing_all_of_the_worker(holdfast, sender: Sender, data: Path) -> dict:
    upload = sender.arrive(PNG)
    reached = hold(data, f"worker promote incoming after {upload['id']}")
    assert sender.ask(upload["complete"])[0] == 202
    wait_for(reached.exists, seconds=30, what="the worker")
    worker = holdfast.find("manage.py", "worker")
    people = [worker, *worker.children(recursive=True)]
    worker.send_signal(signal.SIGKILL)
    assert not survivors(people, seconds=5)
    return upload


def killing_the_web_process_within_a_completion(sender: Sender, data: Path, when: str) -> dict:
    upload = sender.arrive(PNG)
    reached = hold(data, f"web head incoming {when} {upload['id']}")
    killer = threading.Thread(target=kill_at, args=[reached])
    killer.start()
    assert sender.ask(upload["complete"])[0] == NOBODY
    killer.join()
    assert sender.state(upload) == "pending"
    assert sender.ask(upload["complete"])[0] == 202
    return upload


def killing_all_of_the_web_between_the_steps(holdfast, sender: Sender) -> dict:
    """After it was declared, after its bytes came, after it was completed; nothing but the next request is needed."""
    upload = sender.declare(len(PNG))
    kill_web(holdfast)
    assert sender.put(upload["put"], PNG) == 200
    kill_web(holdfast)
    status, answer = sender.ask(upload["complete"])
    assert (status, answer["state"]) == (202, "verifying")
    kill_web(holdfast)
    assert sender.ask(upload["complete"])[0] in (200, 202)
    return upload


def kill_web(holdfast) -> None:
    master = holdfast.find("gunicorn")
    people = [master, *master.children()]
    master.send_signal(signal.SIGKILL)
    assert not survivors(people, seconds=5)


def killing_the_web_process_within_a_plain_form(sender: Sender, data: Path) -> int:
    """Its bytes are stored, and it is not completed: it is sent again, and the first ends in the night."""
    for when in ("before", "after"):
        killer = threading.Thread(target=kill_at, args=[hold(data, f"web write incoming {when} any")])
        killer.start()
        assert sender.submit(sender.todos[0], PNG) == NOBODY
        killer.join()
        assert sender.submit(sender.todos[0], PNG) == 200
    return 2


def killing_the_web_process_within_a_put(holdfast, sender: Sender, data: Path) -> list[dict]:
    body = noise(1200, 900)
    assert len(body) > 2_000_000
    midway, stored = sender.declare(len(body)), sender.declare(len(body))
    with begin_to_put(sender, midway, body[: len(body) // 2]):
        folder = data / "files" / "uploads" / "tmp"
        wait_for(lambda: folder.is_dir() and any(folder.iterdir()), seconds=10, what="the first half")
        kill_web(holdfast)
    assert any(folder.iterdir())
    assert sender.ask(midway["complete"])[0] == 409
    again = sender.ask(f"{midway['status']}put/")[1]["put"]
    assert sender.put(again, body) == 200
    killer = threading.Thread(target=kill_at, args=[hold(data, f"web receive incoming after {stored['id']}")])
    killer.start()
    assert sender.put(stored["put"], body) == NOBODY
    killer.join()
    assert sender.put(stored["put"], body) == 412  # the bytes had arrived, only the answer was lost
    for upload in (midway, stored):
        assert sender.ask(upload["complete"])[0] == 202
    return [midway, stored]


def begin_to_put(sender: Sender, upload: dict, part: bytes) -> socket.socket:
    """Send the head of the request and a part of its body."""
    put, address = upload["put"], urlsplit(sender.url)
    head = [f"PUT {put['url']} HTTP/1.1", f"Host: {address.netloc}", *(f"{k}: {v}" for k, v in put["headers"].items())]
    head.append(f"Content-Length: {dict(p.split('=') for p in put['url'].partition('?')[2].split('&'))['size']}")
    connection = socket.create_connection((address.hostname, address.port))
    with suppress(BrokenPipeError, ConnectionResetError):
        connection.sendall("\r\n".join([*head, "", ""]).encode() + part)
    return connection
