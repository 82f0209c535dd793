"""/metrics: the engine in Prometheus' text format, for staff who can view runs and for anyone with the token."""

import secrets
from collections.abc import Iterable, Iterator, Mapping

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from workflows.core import clock
from workflows.core.emit import BUCKETS, bucket_name
from workflows.models import Worker
from workflows.monitoring import readings

type Labels = Mapping[str, str]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
REFUSAL = "Sign in as staff who can view runs, or send METRICS_TOKEN as `Authorization: Bearer …`.\n"


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    if not (_has_token(request) or _may_view(request)):
        return HttpResponse(REFUSAL, status=403, content_type="text/plain; charset=utf-8")
    return HttpResponse("".join(_lines()), content_type=CONTENT_TYPE)


def _has_token(request: HttpRequest) -> bool:
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    token = settings.METRICS_TOKEN
    # Headers arrive as Latin-1, whatever they were sent as.
    right = secrets.compare_digest(given.strip().encode("latin-1", "replace"), token.encode())
    return bool(token) and scheme.lower() == "bearer" and right


def _may_view(request: HttpRequest) -> bool:
    user = getattr(request, "user", AnonymousUser())
    return user.is_active and user.is_staff and user.has_perm("workflows.view_run")


def _lines() -> Iterator[str]:
    ever = readings.ever()
    yield from _runs(ever)
    yield from _histogram(
        "holdfast_step_duration_seconds", "How long successful attempts of steps took.", ever, "step", label="workflow"
    )
    yield from _histogram(
        "holdfast_start_lateness_seconds", "How late new runs, sleeping runs and schedules were claimed.", ever, "late"
    )
    yield from _queues(ever)
    yield from _workers()


def _runs(ever: dict[str, dict[str, int]]) -> Iterator[str]:
    counts = [({"workflow": name, "status": status}, n) for name, status, n in readings.runs_by_status()]
    yield from _family(
        "holdfast_runs", "gauge", f"Runs that did not succeed, at most {readings.MOST} of each status.", counts
    )
    yield from _family(
        "holdfast_runs_finished_total",
        "counter",
        "Runs that workers finished.",
        _counted(ever, {"run.succeeded": "succeeded", "run.failed": "failed"}, "workflow", "status"),
    )
    yield from _family(
        "holdfast_attempts_unsuccessful_total",
        "counter",
        "Attempts of steps that did not succeed.",
        _counted(
            ever,
            {"attempt.failed": "failed", "attempt.timed_out": "timed_out", "attempt.lost": "lost"},
            "workflow",
            "outcome",
        ),
    )
    yield from _family(
        "holdfast_schedule_firings_total",
        "counter",
        "Firings of schedules.",
        [({"workflow": name}, value) for name, value in sorted(ever.get("schedule.fired", {}).items())],
    )
    yield from _family(
        "holdfast_due_lateness_seconds",
        "gauge",
        "How long the run that has been due longest has waited for a worker.",
        [({}, readings.lateness().total_seconds())],
    )


def _queues(ever: dict[str, dict[str, int]]) -> Iterator[str]:
    queues = [({"queue": queue.name}, queue) for queue in readings.queues()]
    families: list[tuple[str, str, list[float]]] = [
        ("depth", "Messages waiting for a consumer.", [queue.depth for _, queue in queues]),
        (
            "oldest_age_seconds",
            "How long the message that has been due longest has waited.",
            [queue.oldest.total_seconds() for _, queue in queues],
        ),
        ("in_flight", "Messages that a consumer is working on.", [queue.in_flight for _, queue in queues]),
        ("dead_letters", "Messages given up after all retries.", [queue.dead for _, queue in queues]),
        ("paused", "1 if an operator has paused the queue.", [float(queue.is_paused) for _, queue in queues]),
    ]
    for name, text, values in families:
        samples = [(labels, value) for (labels, _), value in zip(queues, values, strict=True)]
        yield from _family(f"holdfast_queue_{name}", "gauge", text, samples)
    outcomes = {f"message.{outcome}": outcome for outcome in ("acknowledged", "retried", "dead", "dropped")}
    yield from _family(
        "holdfast_messages_total",
        "counter",
        "Deliveries by outcome.",
        _counted(ever, outcomes, "queue", "outcome"),
    )


def _workers() -> Iterator[str]:
    now = clock.now()
    beats = Worker.objects.values_list("name").annotate(at=Max("heartbeat_at")).order_by("name")
    ages = [({"worker": name}, (now - at).total_seconds()) for name, at in beats if at]
    yield from _family(
        "holdfast_worker_heartbeat_age_seconds", "gauge", "Seconds since the worker's last sign of life.", ages
    )
    yield from _family(
        "holdfast_workers_alive", "gauge", "Workers that reported recently.", [({}, Worker.objects.alive().count())]
    )


def _counted(
    ever: dict[str, dict[str, int]], names: Mapping[str, str], label: str, outcome: str
) -> list[tuple[Labels, float]]:
    return [
        ({label: of, outcome: shown}, value)
        for name, shown in names.items()
        for of, value in sorted(ever.get(name, {}).items())
    ]


def _histogram(family: str, text: str, ever: dict[str, dict[str, int]], name: str, *, label: str = "") -> Iterator[str]:
    yield from _head(family, "histogram", text)
    sums = ever.get(f"{name}.microseconds", {})
    for of in sorted(sums):
        labels = {label: of} if label else {}
        total = 0
        for bound in BUCKETS:
            total += ever.get(bucket_name(name, bound), {}).get(of, 0)
            yield _sample(f"{family}_bucket", {**labels, "le": "+Inf" if bound == BUCKETS[-1] else f"{bound:g}"}, total)
        yield _sample(f"{family}_sum", labels, sums[of] / 1_000_000)
        yield _sample(f"{family}_count", labels, total)


def _family(name: str, kind: str, text: str, samples: Iterable[tuple[Labels, float]]) -> Iterator[str]:
    yield from _head(name, kind, text)
    for labels, value in samples:
        yield _sample(name, labels, value)


def _head(name: str, kind: str, text: str) -> Iterator[str]:
    yield f"# HELP {name} {text}\n# TYPE {name} {kind}\n"


def _sample(name: str, labels: Labels, value: float) -> str:
    inner = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
    return f"{name}{{{inner}}} {value}\n" if inner else f"{name} {value}\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
