"""`manage.py workflows` and `manage.py queues`: what they print, and how they end."""

import json
import subprocess
import sys
from datetime import timedelta
from io import StringIO

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from tests.workflows import definitions
from tests.workflows.definitions import retried, secretive, sleeping, three_steps, waiting
from workflows import engine
from workflows.management.console import duration
from workflows.models import AuditLine, Message, Run
from workflows.testing import advance, run_until_idle

pytestmark = [pytest.mark.database, pytest.mark.django_db]


def run(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out, stderr=out)
    return out.getvalue()


def read(*arguments: str):
    return json.loads(run(*arguments, "--json"))


def status(pk: str) -> str:
    return Run.objects.get(pk=pk).status


@pytest.fixture
def some():
    engine.start(three_steps, {"start": 1}, id="done-1")
    engine.start(waiting, {}, id="waiting-1")
    definitions.failing["shaky"] = 3
    engine.start(retried, {}, id="failed-1")
    for _attempt in range(3):
        run_until_idle()
        advance(timedelta(minutes=5))


def test_runs_are_listed(some):
    lines = run("workflows", "list").splitlines()
    assert lines[0].split()[:3] == ["id", "workflow", "status"]
    assert len(lines) == 4
    assert "event approved" in next(line for line in lines if line.startswith("waiting-1"))
    assert [row["id"] for row in read("workflows", "list", "--status", "failed")] == ["failed-1"]
    assert [row["id"] for row in read("workflows", "list", "--workflow", "waiting")] == ["waiting-1"]
    assert [row["id"] for row in read("workflows", "list", "--limit", "1")] == ["failed-1"]
    assert read("workflows", "list", "--status", "cancelled") == []
    assert run("workflows", "list", "--status", "cancelled") == "none found\n"


def test_a_run_is_shown(some):
    found = read("workflows", "show", "done-1")
    assert (found["status"], found["input"], found["output"]) == ("succeeded", {"start": 1}, {"one": 2, "two": "two"})
    assert [(step["step"], step["status"]) for step in found["steps"]] == [
        ("one", "succeeded"),
        ("two", "succeeded"),
        ("three", "succeeded"),
    ]
    assert "ValueError: shaky is broken" in run("workflows", "show", "failed-1")


def test_what_is_sensitive_is_not_shown():
    engine.start(secretive, {"password": "kelp!forest"}, id="secret-1")
    run_until_idle()
    assert "kelp!forest" not in run("workflows", "show", "secret-1") + run("workflows", "show", "secret-1", "--json")


def test_runs_are_steered(some):
    assert run("workflows", "pause", "waiting-1") == "waiting-1\n"
    assert status("waiting-1") == "paused"
    assert run("workflows", "pause", "waiting-1") == "nothing to change\n"
    assert read("workflows", "resume", "waiting-1") == {"run": "waiting-1", "changed": True}
    assert read("workflows", "cancel", "waiting-1")["changed"] is True
    assert read("workflows", "cancel", "waiting-1")["changed"] is False
    run("workflows", "retry", "failed-1")
    run_until_idle()
    assert status("failed-1") == "succeeded"
    assert AuditLine.objects.filter(actor=None, verb="retry").count() == 1


def test_a_run_is_restarted_from_a_step(some):
    made = read("workflows", "restart", "done-1", "--from-step", "two")["run"]
    assert list(Run.objects.get(pk=made).steps.values_list("key", flat=True)) == ["one"]
    assert run("workflows", "restart", "done-1").strip() != "done-1"


def test_events_are_sent_and_listed(some):
    run("workflows", "send-event", "waiting-1", "approved", "--payload", '{"by": "Anna"}')
    run_until_idle()
    found = read("workflows", "events", "waiting-1")
    assert [(event["type"], event["payload"], event["step"]) for event in found] == [
        ("approved", {"by": "Anna"}, "approval")
    ]
    assert status("waiting-1") == "succeeded"


def test_what_is_over_is_pruned(some, monkeypatch):
    monkeypatch.setattr("workflows.management.commands.workflows.BATCH", 1)
    assert read("workflows", "prune", "--older-than", "1d")["runs"] == 0
    advance(timedelta(days=2))
    assert read("workflows", "prune", "--older-than", "1d")["runs"] > 2  # rows, those of steps too
    assert [row["id"] for row in read("workflows", "list")] == ["waiting-1"]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("workflows", "show", "nope"), "There is no run with the id 'nope'"),
        (("workflows", "events", "nope"), "There is no run with the id 'nope'"),
        (("workflows", "cancel", "nope"), "There is no run with the id 'nope'"),
        (("workflows", "resume", "waiting-1"), "Run waiting-1 is waiting, and only runs that are paused can be"),
        (("workflows", "restart", "done-1", "--from-step", "x"), "has no step 'x'"),
        (("workflows", "send-event", "done-1", "approved"), "accepts no more events"),
        (("queues", "send", "nope", "1"), "There is no queue 'nope'"),
        (("queues", "replay", "nope", "--all"), "There is no queue 'nope'"),
        (("queues", "drop", "letters", "99"), "Not a dead letter of letters: 99. Nothing changed."),
    ],
)
def test_refusals_are_one_clear_line(some, arguments, text):
    with pytest.raises(CommandError) as refused:
        run(*arguments)
    assert text in str(refused.value)
    assert "\n" not in str(refused.value)
    assert refused.value.returncode == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("workflows",),
        ("workflows", "explode"),
        ("workflows", "list", "--status", "odd"),
        ("workflows", "list", "--limit", "0"),
        ("workflows", "send-event", "a", "b", "--payload", "{"),
        ("workflows", "prune"),
        ("workflows", "prune", "--older-than", "soon"),
        ("queues", "replay", "letters"),
        ("queues", "replay", "letters", "x"),
        ("queues", "replay", "letters", "1", "--all"),
    ],
)
def test_wrong_usage_is_told_apart(arguments, monkeypatch, capsys):
    from django.core.management import execute_from_command_line

    with pytest.raises(SystemExit) as ended:
        execute_from_command_line(["manage.py", *arguments])
    assert ended.value.code == 2
    assert "usage:" in capsys.readouterr().err


@pytest.mark.parametrize(("text", "length"), [("45s", timedelta(seconds=45)), ("2w", timedelta(weeks=2))])
def test_durations_are_read(text, length):
    assert duration(text) == length


def test_queues_are_listed_and_sent_to():
    run("queues", "send", "letters", '{"to": "Anna"}', "--delay", "5m", "--key", "k-1")
    first = read("queues", "send", "letters", "2", "--key", "k-2")
    assert read("queues", "send", "letters", "2", "--key", "k-2") == first
    row = next(row for row in read("queues", "list") if row["queue"] == "letters")
    assert (row["waiting"], row["dead"], row["paused"]) == (2, 0, False)
    assert "letters" in run("queues", "list")


def test_dead_letters_are_replayed_and_dropped(monkeypatch):
    monkeypatch.setattr("workflows.management.commands.queues.BATCH", 2)
    for _number in range(5):
        engine.send("letters", "never")
    run_until_idle()
    first, *_rest = Message.objects.dead().order_by("pk").values_list("pk", flat=True)
    assert run("queues", "replay", "letters", str(first)) == "1\n"
    with pytest.raises(CommandError):
        run("queues", "replay", "letters", str(first), str(first + 1))
    assert read("queues", "replay", "letters", "--all") == {"count": 4}
    run_until_idle()
    assert read("queues", "drop", "letters", "--all") == {"count": 5}
    assert read("queues", "drop", "letters", "--all") == {"count": 0}
    assert not Message.objects.exists()


@pytest.mark.slow
def test_a_shell_sees_the_exit_code(tmp_path):
    ended = subprocess.run(
        [sys.executable, settings.BASE_DIR / "manage.py", "queues", "drop", "nope", "--all"],
        env={"DATA_DIR": str(tmp_path), "PATH": "/usr/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    assert (
        ended.stderr == "CommandError: There is no queue 'nope' here. Known queues: changes.added-to-list, "
        "changes.onboarding, mail, password resets, removed uploads.\n"
    )


def test_sleepers_say_until_when():
    engine.start(sleeping, {}, id="sleeping-1")
    run_until_idle()
    assert read("workflows", "list")[0]["until"]
