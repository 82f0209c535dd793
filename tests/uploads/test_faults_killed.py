"""Processes that are killed while they talk to the store: on the local disk and in a bucket.

The engine's own crash points, between its transitions, are tried in test_checking_crashes.
"""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.uploads.conftest import PNG, declare, keys, png, send
from tests.uploads.killing import killed_in_store
from tests.uploads.soundness import assert_nothing_astray, assert_sound, recover
from uploads.models import State, Stray, Upload
from uploads.stores import local, store
from uploads.stores.local import LocalStore
from workflows import engine
from workflows.core.crash import Crash
from workflows.core.errors import WrongStatus
from workflows.testing import run_until_idle

pytestmark = [pytest.mark.database, pytest.mark.django_db]

COMMENTED = png(comment=b"taken at 48.2, 16.37")
KINDS = {  # what is sent, what becomes of it, and how often its check asks the store
    "as it is": (PNG, State.READY, ["head", "open", "promote", "head", "delete", "open", "write", "write"]),
    "stripped": (COMMENTED, State.READY, ["head", "open", "write", "head", "delete", "open", "write", "write"]),
    "rejected": (b"<html>", State.REJECTED, ["head", "open"] + 8 * ["delete"]),
}
QUICK = ("local", "as it is", "after")  # the others run in `make test-slow`
POINTS = [
    pytest.param(place, kind, at, when, marks=[] if (place, kind, when) == QUICK else [pytest.mark.slow])
    for place in ("local", "s3")
    for kind, (_data, _state, calls) in KINDS.items()
    for at in range(1, len(calls) + 1)
    for when in ("before", "after")
]


@pytest.fixture
def place(request) -> str:
    if request.param == "s3":
        request.getfixturevalue("s3")
    return str(request.param)


@pytest.mark.parametrize(("place", "kind", "at", "when"), POINTS, indirect=["place"])
def test_a_kill_at_any_call_leaves_nothing_whether_somebody_goes_on_or_not(
    sent, shelf, monkeypatch, staff, place, kind, at, when
):
    """Both endings in one test, because the nights that follow cost the most."""
    data, state, expected = KINDS[kind]

    def killed() -> Upload:
        upload = sent(data)
        with killed_in_store(monkeypatch, at=at, when=when) as calls:
            run_until_idle()
        assert calls == expected[:at]
        assert_sound()
        return upload

    upload = killed()
    recover()
    upload.refresh_from_db()
    assert upload.state == state
    assert [attached.pk for attached in shelf.attached] == ([upload.pk] if state == State.READY else [])
    if state == State.READY:
        assert keys() == sorted([upload.file, upload.large, upload.small])

    abandoned = killed()
    with suppress(WrongStatus):  # killed after its run, when what is rejected was deleted
        engine.cancel(abandoned.run_id, by=staff)
    recover()
    assert_nothing_astray()
    abandoned.refresh_from_db()
    assert abandoned.state in (State.READY, State.REJECTED)
    upload.refresh_from_db()
    assert upload.state == state


@pytest.fixture
def killed_midway(monkeypatch) -> Callable[..., Any]:
    """Return a context that ends at a call of the local store's own, and leaves what a dead process leaves."""

    @contextmanager
    def killed(owner: Any, name: str, *, at: int = 1) -> Iterator[None]:
        left, original = [at], getattr(owner, name)

        def crash(*args, **kwargs):
            left[0] -= 1
            if not left[0]:
                raise Crash(name)
            return original(*args, **kwargs)

        with monkeypatch.context() as patched:
            patched.setattr(owner, name, crash)
            patched.setattr(Path, "unlink", lambda *_args, **_kwargs: None)
            with pytest.raises(Crash):
                yield

    return killed


@pytest.mark.parametrize(
    ("name", "at", "arrived"), [("_make_folder", 2, False), ("_found", 1, False), ("_sync_folder", 1, True)]
)
def test_killing_the_web_process_within_a_put(shelf, alice, sign_in, killed_midway, name, at, arrived):
    client = sign_in(alice)
    answer = declare(client).json()
    (local.settings.UPLOAD_FOLDER / "incoming").mkdir(parents=True, mode=0o700)
    (local.settings.UPLOAD_FOLDER / "tmp").mkdir(mode=0o700)
    with killed_midway(local, name, at=at):
        send(answer["put"])
    assert any(key.startswith("tmp/") for key in keys())
    assert_sound()
    again = client.post(f"/uploads/{answer['id']}/put/").json()["put"]
    assert send(again).status_code == (412 if arrived else 200)
    assert client.post(answer["complete"]).status_code == 202
    recover()
    assert Upload.objects.get().state == State.READY
    assert_nothing_astray()


@pytest.mark.parametrize(("data", "calls"), [(PNG, 4), (COMMENTED, 3)])
def test_killing_the_worker_within_a_write_of_the_disk(sent, killed_midway, data, calls):
    for at in range(1, calls):
        upload = sent(data)
        with killed_midway(local, "_rename", at=at):
            run_until_idle()
        assert any(key.startswith("tmp/") for key in keys())
        recover()
        upload.refresh_from_db()
        assert upload.state == State.READY
    assert_nothing_astray()


def test_the_first_sweep_reports_what_a_killed_process_left_and_deletes_nothing(begin, killed_midway):
    from tests.uploads.test_sweeping import night

    upload = begin()
    with killed_midway(local, "_found"):
        LocalStore().receive(upload.incoming, iter([PNG]), size=len(PNG))
    (left,) = keys()
    night()
    assert Stray.objects.get().key == left
    assert keys() == [left]
    night()
    assert keys() == []


@pytest.mark.slow
@pytest.mark.parametrize("place", ["local", "s3"], indirect=True)
@pytest.mark.parametrize("state", ["pending", "deleted", "ready"])
def test_bytes_that_come_after_the_end(begin, sent, alice, place, state):
    """A bucket takes them: what was signed is good for two minutes, and nothing is left there that would refuse."""
    upload = begin() if state != "ready" else sent(PNG)
    if state == "deleted":
        upload.discard(by=alice)
    run_until_idle()
    store().write(upload.incoming, io.BytesIO(PNG), type=upload.type)
    assert_nothing_astray()
    upload.refresh_from_db()
    assert upload.state == (State.READY if state == "ready" else State.DELETED)
