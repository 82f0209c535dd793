"""The first five minutes of somebody who has just cloned the repository."""

import re
import signal

import pytest

pytestmark = pytest.mark.acceptance


def test_a_newcomer_gets_a_to_do_done(clone, run, visitor):
    first = run(clone, empty=True)
    first.wait_until_healthy(seconds=90)
    email = re.search(r"email: +(\S+)", first.log)[1]
    password = re.search(r"password: +(\S+)", first.log)[1]
    assert f"http://localhost:{first.port}" in first.log

    anna = visitor(first.url)
    status, path, _ = anna.get("/lists/")
    assert (status, path) == (200, "/accounts/login/")
    status, path, _ = anna.sign_in(email, password)
    assert (status, path) == (200, "/lists/")
    status, list_path, page = anna.post("/lists/", form_at="/lists/", name="Flat renovation")
    assert status == 200
    assert re.fullmatch(r"/lists/\d+/", list_path)
    status, _, page = anna.post(list_path, form_at=list_path, text="Measure the worktop")
    assert status == 200
    assert "Measure the worktop" in page
    assert "Measure the worktop" in anna.get("/admin/todos/todo/")[2]
    todo = re.search(r'id="todo-(\d+)"', page)[1]
    anna.post(f"/todos/{todo}/complete/", form_at=list_path)
    assert "Measure the worktop" in anna.get(f"{list_path}?status=completed")[2]

    stranger = visitor(first.url)
    assert "/admin/" not in stranger.get("/admin/")[1].removeprefix("/accounts/login/")
    before = anna.get("/admin/accounts/user/")[2].count('class="action-select"')
    assert "csrfmiddlewaretoken" not in stranger.get("/accounts/signup/")[2]
    fields = {"email": "mallory@example.com", "password1": "a long enough password"}
    stranger.post("/accounts/signup/", form_at="/accounts/login/", **fields)
    assert anna.get("/admin/accounts/user/")[2].count('class="action-select"') == before

    first.wait_for_worker()
    assert first.stop(signal.SIGINT) < 5
    assert "Traceback" not in first.log

    second = run(clone)
    assert second.wait_until_healthy(seconds=30) < 10
    assert "password:" not in second.log
    assert "Database: applied" not in second.log
    assert "Measure the worktop" in anna_again(visitor, second, email, password, list_path)
    assert second.stop(signal.SIGTERM) < 5


def anna_again(visitor, running, email, password, path) -> str:
    anna = visitor(running.url)
    anna.sign_in(email, password)
    return anna.get(f"{path}?status=all")[2]
