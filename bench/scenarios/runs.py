"""Runs per second of a workflow of three steps, two workers."""

from dataclasses import replace

from bench import plain, yardstick
from bench.crew import Crew
from bench.place import Place
from bench.rows import Row, figure, times_at_least
from bench.timing import amount, middle, runs_per_second, versus

MOST, THEIRS, TASKS = 3000, 300, 1000
GOALS = {"sqlite": 3.0, "postgres": 2.0}


def measure(place: Place) -> list[Row]:
    with Crew(place):
        runs = amount(runs_per_second(100), most=MOST)
        rate, baseline = versus(lambda: runs_per_second(runs), lambda: yardstick.ask(place, "runs", THEIRS).get("rate"))
    one = figure("runs of 3 steps", rate, "runs/s", baseline=baseline)
    tasks = replace(plain.executed(place, TASKS), name="django-q2 tasks")
    return [
        times_at_least(GOALS[place.database], one),
        figure("runs against tasks without steps", rate, "runs/s", baseline=tasks),
        *_alone(place),
    ]


def _alone(place: Place) -> list[Row]:
    with Crew(place, workers=1):
        runs = amount(runs_per_second(100), most=MOST)
        return [figure("runs of 3 steps, one worker", middle(lambda: runs_per_second(runs)), "runs/s")]
