"""Bring runs as far as one wants them, each alone: as a worker that is lost there leaves them behind."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

from tests.upgrades import held
from tests.upgrades.names import (
    FINISHED,
    Run,
    Step,
    claim,
    consume,
    crash,
    execute,
    get_consumer,
    messages,
    new_token,
)

PRESENT = held.now()
"""When the state is kept. What has taken a while began that much earlier."""
WORKER = "lost:1"
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_BEFORE_STEP = {
    *("steps.start.before", "steps.record_value.before", "steps.start_sleep.before"),
    *("steps.wait_for_event.before", "steps.wait_for_child.before", "runs.succeed.before"),
}
_IN_STEP = {"step.code.after"}


@dataclass
class Begun:
    """A run that is new, and what people do each time that it waits for an event."""

    run: str
    deeds: list[Callable[[], object]] = field(default_factory=list)


@dataclass(frozen=True)
class Scene:
    """One way that runs of a workflow go. `takes` is how long, `weather` what it happens under."""

    name: str
    workflow: str
    begin: Callable[[], Begun]
    takes: timedelta
    weather: Callable[[], AbstractContextManager[object]]


@dataclass(frozen=True)
class Stop:
    """Where to lose the worker: with so many steps finished."""

    how: Literal["new", "before", "in", "waiting", "nowhere"]
    finished: int = 0

    def __str__(self) -> str:
        return f"{self.how} step {self.finished + 1}" if self.how in ("before", "in", "waiting") else self.how


SCENES: list[Scene] = []
_PLAYED: set[tuple[object, ...]] = set()


def scene(
    workflow: str,
    *,
    takes: timedelta = timedelta(0),
    weather: Callable[[], AbstractContextManager[object]] = nullcontext,
) -> Callable[[Callable[[], Begun]], Callable[[], Begun]]:
    def register(begin: Callable[[], Begun]) -> Callable[[], Begun]:
        SCENES.append(Scene(begin.__name__, workflow, begin, takes, weather))
        return begin

    return register


def play_everywhere(scene: Scene) -> Iterator[tuple[str, str]]:
    """Leave a run behind at each place of the scene; yield ids and places."""
    whole = play(scene, Stop("nowhere"))
    steps = list(Step.objects.filter(run=whole).order_by("position").values_list("key", "status", "kind", "attempt"))
    stops = [Stop("new"), *(Stop("before", at) for at in range(1, len(steps) + 1))]
    for at, (_key, status, kind, attempt) in enumerate(steps):
        if kind == "do" and status == "succeeded":
            stops.append(Stop("in", at))
        if kind in ("sleep", "event", "child") or attempt > 1:
            stops.append(Stop("waiting", at))
    for stop in stops:
        recorded = tuple(step[:2] for step in steps[: stop.finished])
        place = scene.workflow, stop.how, recorded, scene.name if stop.finished == len(steps) else ""
        if place not in _PLAYED:  # in another scene that begins like this one
            _PLAYED.add(place)
            yield play(scene, stop), f"{scene.name}, {stop}"


def play(scene: Scene, stop: Stop) -> str:
    """Let a run of the scene go on until it is where it should stop; return its id."""
    # What still waits at the end is not over yet, but for what comes after it.
    held.hold(PRESENT - scene.takes + timedelta(hours=stop.how == "waiting"))
    begun = scene.begin()
    assert Run.objects.get(pk=begun.run).workflow == scene.workflow
    if stop.how != "new":
        with scene.weather():
            stopped = _go_on(begun, stop)
        assert stopped == (stop.how != "nowhere"), f"{scene.name} was never {stop}"
    assert held.now() <= PRESENT + timedelta(hours=1), f"{scene.name} takes longer than {scene.takes}"
    return begun.run


def finish(run_id: str) -> None:
    """Take a run to its end, where only the clock must move for that."""
    play_out(Begun(run_id))


def play_out(begun: Begun) -> None:
    assert not _go_on(begun, Stop("nowhere"))


def execute_alone(run_id: str) -> None:
    """Take the run as far as it goes now, and no other."""
    Run.objects.filter(pk=run_id).update(wake_at=LONG_AGO)  # so that it is the one that is claimed
    [run] = claim(WORKER, limit=1)
    assert run.pk == run_id
    execute(run)


def deliver(queue: str) -> None:
    """Have a batch of the queue's messages consumed that are due."""
    consumer, token = get_consumer(queue), new_token(WORKER)
    consume(consumer, messages.claim(consumer, token), token)


def _go_on(begun: Begun, stop: Stop) -> bool:
    """Return whether it came to the stop; False where it ended."""
    while True:
        with _losing(begun.run, stop) as lost:
            execute_alone(begun.run)
        run = Run.objects.get(pk=begun.run)
        if lost:
            return True
        if run.status in FINISHED:
            return False
        if stop == Stop("waiting", _finished(run.pk)):
            return True
        _end_wait(run, begun)


def wait_for(run_id: str) -> None:
    """Move the clock to when the run, which waits, is looked at next."""
    wake_at = Run.objects.get(pk=run_id).wake_at
    assert wake_at
    held.hold(max(held.now(), wake_at))


def _end_wait(run: Run, begun: Begun) -> None:
    if run.waiting_for.startswith("event ") and begun.deeds:
        begun.deeds.pop(0)()
    elif run.waiting_for.startswith("child "):
        for child in Run.objects.filter(parent=run).exclude(status__in=FINISHED):
            finish(child.pk)
    else:
        wait_for(run.pk)


@contextmanager
def _losing(run_id: str, stop: Stop) -> Iterator[list[str]]:
    """Lose the worker where the run should stop; what is yielded says where that was."""
    points = {"before": _BEFORE_STEP, "in": _IN_STEP}.get(stop.how, set())
    lost: list[str] = []

    def point(name: str) -> None:
        if name in points and _finished(run_id) == stop.finished:
            lost.append(name)
            raise crash.Crash(name)

    original, crash.point = crash.point, point
    try:
        yield lost
    except crash.Crash:
        assert lost
    finally:
        crash.point = original


def _finished(run_id: str) -> int:
    return Step.objects.filter(run=run_id, status__in=("succeeded", "failed")).count()
