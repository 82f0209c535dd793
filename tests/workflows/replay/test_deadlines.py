"""Code that takes too long, or whose worker must stop, is interrupted."""

import os
import subprocess
import sys
import time
from dataclasses import replace
from datetime import timedelta

import pytest
from django.conf import settings

from tests.workflows.definitions import NOW, calls, write, written
from workflows import engine
from workflows.core import clock
from workflows.core import definitions as registry
from workflows.core.definitions import get_consumer
from workflows.models import Attempt, Message
from workflows.replay.consuming import consume
from workflows.replay.deadline import Deadline, TimesUp
from workflows.testing import run_until_idle
from workflows.transitions import messages

pytestmark = [pytest.mark.database, pytest.mark.django_db]
SHORT = timedelta(milliseconds=50)


def test_a_step_that_takes_too_long_is_interrupted_and_repeated(ended):
    @engine.workflow("slow")
    def slow(step):
        def dawdle():
            calls["slow"] += 1
            if calls["slow"] == 1:
                time.sleep(5)
            return "done"

        return step.do("slow", dawdle, timeout=SHORT, retry=NOW)

    run = engine.start(slow, {})
    begun = time.monotonic()
    run_until_idle()
    assert ended(run) == "done"
    assert time.monotonic() - begun < 4
    assert Attempt.objects.get().outcome == "timed_out"


def test_code_that_swallows_its_interruption_has_timed_out_all_the_same(ended):
    @engine.workflow("deaf")
    def deaf(step):
        def swallow():
            try:
                time.sleep(5)
            except BaseException:  # noqa: BLE001
                return "never mind"

        step.do("deaf", swallow, timeout=SHORT, retry=engine.Retry(limit=0))

    run = engine.start(deaf, {})
    run_until_idle()
    assert "it took longer than 0:00:00.050000" in ended(run, "failed")["message"]
    assert run.error["type"] == "StepTimedOut"


def test_a_transaction_that_takes_too_long_leaves_nothing(ended, monkeypatch):
    monkeypatch.setattr("workflows.replay.step.TRANSACTION_TIMEOUT", SHORT)

    @engine.workflow("slow_transaction")
    def slow(step):
        def dawdle():
            write("slow")
            time.sleep(5)

        step.transaction("slow", dawdle, retry=engine.Retry(limit=0))

    run = engine.start(slow, {})
    run_until_idle()
    assert ended(run, "failed")["type"] == "StepTimedOut"
    assert written("slow") == 0


def test_a_worker_that_is_told_to_stop_gives_its_step_back(ended):
    @engine.workflow("stopped")
    def stopped(step):
        def stop():
            calls["stop"] += 1
            if calls["stop"] == 1:
                Deadline.current.release()
                time.sleep(5)
            return "done"

        return step.do("stop", stop, retry=engine.Retry(limit=0))

    run = engine.start(stopped, {})
    run_until_idle()
    assert ended(run) == "done"
    assert Attempt.objects.get().outcome == "released"


def test_a_deadline_that_rings_while_it_is_taken_off_is_harmless():
    with pytest.raises(TimesUp), Deadline(SHORT):
        time.sleep(1)
    time.sleep(0.1)
    with Deadline(timedelta(seconds=5)):
        pass
    time.sleep(0.1)


def test_a_consumer_that_takes_too_long_is_interrupted(monkeypatch):
    monkeypatch.setattr(registry, "_consumers", dict(registry._consumers))

    @engine.consumer("dawdling", timeout=SHORT, max_retries=0)
    def dawdling(_batch):
        time.sleep(5)

    engine.send("dawdling", "x")
    run_until_idle()
    assert Message.objects.get().errors[0]["type"] == "TimedOut"


def test_a_batch_is_given_back_by_a_worker_that_must_stop():
    def stop(_batch):
        Deadline.current.release()
        time.sleep(5)

    consumer = replace(get_consumer("letters"), function=stop)
    engine.send("letters", "x")
    consume(consumer, messages.claim(consumer, "one/1"), "one/1")
    assert Message.objects.get().due_at <= clock.now()


RESISTING = """
import time
def swallow():
    while True:
        try:
            time.sleep(60)
        except BaseException:
            pass
swallow()
"""
HOLDING_THE_INTERPRETER = "sum(range(10**15))"  # one instruction, in which no signal is looked at


@pytest.mark.slow
@pytest.mark.parametrize("code", [RESISTING, HOLDING_THE_INTERPRETER])
def test_a_process_whose_code_cannot_be_interrupted_ends(code):
    script = f"""
import threading
import django
django.setup()
from datetime import timedelta
from workflows.worker import working
from workflows.replay.deadline import Deadline
working.STILL = timedelta(seconds=3)
watched, arm = threading.Event(), working.faulthandler.dump_traceback_later
working.faulthandler.dump_traceback_later = lambda *args, **options: (arm(*args, **options), watched.set())
working.Heart(working.Hands("x"), lambda: False).start()
watched.wait()
with Deadline(timedelta(seconds=0.5)):
    exec({code!r})
"""
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "project.settings"}
    ended = subprocess.run(
        [sys.executable, "-c", script],
        check=False,
        capture_output=True,
        text=True,
        cwd=settings.BASE_DIR,
        env=environment,
        timeout=30,
    )
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr  # which ends with 1 as well
