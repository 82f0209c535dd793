"""A store that fails under a running Holdfast: who sends is told, everybody else does not notice."""

import time
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

from tests.acceptance.conftest import wait_for
from tests.acceptance.sending import ADMIN, Sender, audit
from tests.todos.attachments.files import noise, picture

pytestmark = [pytest.mark.acceptance, pytest.mark.slow]

PNG = picture()
SENDERS = 24  # more than there are threads in the web processes
LONGEST_PAGE = 6  # seconds; 3.6 were seen, and 0.6 once the senders had their places; all would wait for 11 and more


def test_a_silent_bucket_stops_no_page(run, tmp_path, s3_server):
    data, environment = tmp_path / "data", s3_server.environment()
    holdfast = run(data=data, **ADMIN, **environment)
    holdfast.wait_until_healthy(seconds=60)
    holdfast.wait_for_worker()
    sender = Sender(holdfast, data)
    uploads = [sender.arrive(PNG) for _ in range(SENDERS)]
    s3_server.freeze()
    try:
        with ThreadPoolExecutor(SENDERS) as pool:
            began = time.monotonic()
            answers = [pool.submit(sender.ask, upload["complete"], timeout=60) for upload in uploads]
            took = []
            while time.monotonic() - began < 12:
                asked = time.monotonic()
                assert sender.visitor.get(f"/todos/{sender.todos[0]}/")[0] == 200
                took.append(time.monotonic() - asked)
                time.sleep(0.2)
            refused = [answer.result() for answer in answers]
        assert {(status, answer.get("error", answer).get("code")) for status, answer in refused} == {(503, "store")}
        assert max(took) < LONGEST_PAGE
        assert sender.get("/readyz")[0] == 503
    finally:
        s3_server.start()
    for upload in uploads:
        assert sender.ask(upload["complete"])[0] == 202
    for upload in uploads:
        wait_for(lambda: sender.state(upload) == "ready", seconds=60, what=upload["id"])  # noqa: B023
    assert audit(holdfast, data, **environment) == str([("ready", SENDERS)])


def test_a_full_disk_is_told_and_waited_for(run, tmp_path):
    """Full for files of that size: the kernel refuses more than a limit that is set from outside."""
    data = tmp_path / "data"
    holdfast = run(data=data, **ADMIN)
    holdfast.wait_until_healthy(seconds=60)
    holdfast.wait_for_worker()
    sender = Sender(holdfast, data)
    body = noise(1500, 1200)
    upload = sender.declare(len(body))
    web = [holdfast.find("gunicorn"), *holdfast.find("gunicorn").children()]
    usual = [process.rlimit(psutil.RLIMIT_FSIZE) for process in web]
    for process in web:
        process.rlimit(psutil.RLIMIT_FSIZE, (4 * 2**20, psutil.RLIM_INFINITY))
    assert len(body) > 4 * 2**20
    assert sender.put(upload["put"], body) == 503
    assert not list((data / "files" / "uploads").rglob("*-*"))
    assert sender.visitor.get(f"/todos/{sender.todos[0]}/")[0] == 200
    for process, limit in zip(web, usual, strict=True):
        process.rlimit(psutil.RLIMIT_FSIZE, limit)
    assert sender.put(sender.ask(f"{upload['status']}put/")[1]["put"], body) == 200
    assert sender.ask(upload["complete"])[0] == 202
    wait_for(lambda: sender.state(upload) == "ready", seconds=60, what="the picture")
    assert audit(holdfast, data) == str([("ready", 1)])
