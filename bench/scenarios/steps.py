"""Steps per second in one long run, and what a step costs."""

from bench import yardstick
from bench.crew import Crew, wait_for
from bench.place import Place
from bench.rows import Baseline, Row, figure, times_at_least, times_at_most
from bench.scenarios.floor import atomic_steps
from bench.timing import amount, versus
from workflows import engine
from workflows.models import Run

MOST, THEIRS = 9000, 1000
GOALS = {"sqlite": 2.5, "postgres": 2.0}


def measure(place: Place) -> list[Row]:
    with Crew(place):
        steps = amount(_steps_per_second(100), most=MOST)
        rate, baseline = versus(
            lambda: _steps_per_second(steps), lambda: yardstick.ask(place, "steps", THEIRS).get("rate")
        )
        again, floor = versus(lambda: _steps_per_second(steps), lambda: Baseline("floor", atomic_steps()))
    assert floor
    cost = figure("a step", 1000 / again, "ms", baseline=Baseline("atomic step of the floor", 1000 / floor.value))
    return [
        times_at_least(GOALS[place.database], figure("steps in one run", rate, "steps/s", baseline=baseline)),
        times_at_most(2, cost),
    ]


def _steps_per_second(steps: int) -> float:
    run = engine.start("long", {"steps": steps})
    done = Run.objects.filter(pk=run.pk, status="succeeded")
    wait_for(done.exists, seconds=300, what=f"{steps} steps", every=0.1)
    run.refresh_from_db()
    assert run.started_at
    assert run.finished_at
    return steps / (run.finished_at - run.started_at).total_seconds()
