"""The examples of workflows/README.md, executed: one after the other they are a module, whose tests are these."""

import re
from pathlib import Path

import pytest
from django.conf import settings

from workflows import engine
from workflows.core import clock, definitions
from workflows.core.errors import NonDeterminism
from workflows.models import Run, Schedule
from workflows.testing import advance, run_until_idle
from workflows.transitions import schedules

README = Path(settings.BASE_DIR) / "workflows" / "README.md"
SOURCE = README.read_text()
EXAMPLES: dict = {}
SCHEDULES = ("count teams often", "count teams")

pytestmark = pytest.mark.django_db


def load() -> dict:
    """Execute the blocks, once: a workflow is defined once. Tracebacks show lines of the README."""
    if not EXAMPLES:
        for block in re.finditer(r"^```python\n(.*?)^```$", SOURCE, re.MULTILINE | re.DOTALL):
            line = SOURCE.count("\n", 0, block.start(1))
            exec(compile("\n" * line + block[1], README, "exec"), EXAMPLES)
    return EXAMPLES


@pytest.fixture
def examples(monkeypatch):
    found = load()
    monkeypatch.setattr(definitions, "_schedules", {name: definitions.get_schedule(name) for name in SCHEDULES})
    found["outside"].clear()
    found["sent"].clear()
    return found


@pytest.mark.parametrize("name", re.findall(r"^def (test_\w+)", SOURCE, re.MULTILINE))
def test_the_examples_hold(examples, name):
    examples[name]()


def test_there_are_examples():
    assert len(re.findall(r"^def test_", SOURCE, re.MULTILINE)) >= 6


def test_the_example_has_five_steps(examples):
    examples["ask_for_team"]("Kelp")
    run_until_idle()
    examples["confirm_team"]("Kelp", by="Alice")
    run_until_idle()
    advance(examples["timedelta"](days=7))
    run_until_idle()
    assert list(Run.objects.get().steps.order_by("position").values_list("key", flat=True)) == [
        "reserve room",
        "create team",
        "confirmation",
        "settle in",
        "ask how it goes",
    ]


def test_a_run_keeps_its_version(examples):
    assert engine.start("greet", {"name": "Alice"}).version == 2


def test_the_schedules_fire(examples):
    schedules.sync()
    for name in SCHEDULES:
        advance(Schedule.objects.get(pk=name).next_fire_at - clock.now())
        run_until_idle()
        assert Run.objects.filter(pk__startswith=f"{name}@", status="succeeded").exists()


def test_finally_runs_at_every_suspension(examples, monkeypatch):
    monkeypatch.setattr(definitions, "_workflows", {**definitions._workflows, "tidy": {}})
    seen = []

    @engine.workflow("tidy")
    def tidy(step):
        try:
            step.sleep("nap", examples["timedelta"](hours=1))
        finally:
            seen.append("finally")

    engine.start(tidy, {})
    run_until_idle()
    assert seen == ["finally"]
    advance(examples["timedelta"](hours=1))
    run_until_idle()
    assert seen == ["finally", "finally"]


@pytest.mark.parametrize(
    ("changed", "fails"),
    [
        (lambda nap, do: (nap(2), do("a")), True),  # another length of a sleep
        (lambda nap, do: (nap(1), do("b")), False),  # what no run has recorded yet
        (lambda nap, do: (do("a"), nap(1)), True),
    ],
)
def test_what_may_change_without_a_new_version(examples, monkeypatch, changed, fails):
    monkeypatch.setattr(definitions, "_workflows", {**definitions._workflows, "changing": {}})
    shape = [lambda nap, do: (nap(1), do("a"))]

    @engine.workflow("changing")
    def changing(step):
        shape[0](
            lambda hours: step.sleep("nap", examples["timedelta"](hours=hours)),
            lambda name: step.do(name, examples["call"], name),
        )

    run = engine.start(changing, {})
    run_until_idle()
    shape[0] = changed
    advance(examples["timedelta"](hours=1))
    run_until_idle()
    run.refresh_from_db()
    assert (run.error or {}).get("type") == (NonDeterminism.__name__ if fails else None)
