"""Workflows for the tests. What they did outside of the database is in `calls`, which `conftest.py` empties."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from workflows import engine
from workflows.models import AuditLine

calls: Counter[str] = Counter()
failing: Counter[str] = Counter()
"""How many more times `call` of that name raises."""
NOW = engine.Retry(limit=3, delay=timedelta(0), jitter=0)


def call(name: str, result=None):
    calls[name] += 1
    if failing[name] > 0:
        failing[name] -= 1
        raise ValueError(f"{name} is broken")
    return result


def write(name: str):
    """Leave a row that is there exactly as often as the transaction was committed."""
    calls[name] += 1
    AuditLine.objects.create(at=datetime.now(UTC), verb="write", subject="test", subject_id=name)
    return name


def written(name: str) -> int:
    return AuditLine.objects.filter(subject="test", subject_id=name).count()


@engine.workflow()
def three_steps(step, *, start: int):
    one = step.do("one", call, "one", start + 1, retry=NOW)
    two = step.transaction("two", write, "two", retry=NOW)
    return step.do("three", call, "three", {"one": one, "two": two}, retry=NOW)


@engine.workflow()
def everything(step):
    """Every kind of step once; returns what it saw."""
    begun = step.now()
    step.random()
    step.do("do", call, "do", "done", retry=NOW)
    step.transaction("write", write, "write", retry=NOW)
    step.sleep("nap", timedelta(minutes=1))
    event = step.wait_for_event("approval", "approved", timeout=timedelta(hours=1))
    mapped = step.map("each", sum, [1, 2, 3, 4, 5], batch=2)
    child = step.child("sub", three_steps, start=1)
    step.sleep_until("later", begun + timedelta(hours=2))
    return {"event": event, "mapped": mapped, "child": child}


EVERYTHING = {"event": "yes", "mapped": [3, 7, 5], "child": {"one": 2, "two": "two"}}


@engine.workflow()
def retried(step):
    retry = engine.Retry(limit=2, delay=timedelta(minutes=1), backoff="exponential", jitter=0)
    return step.do("shaky", call, "shaky", "fine", retry=retry)


@engine.workflow()
def forgiving(step):
    try:
        step.do("shaky", call, "shaky", retry=engine.Retry(limit=0))
    except engine.StepFailed as error:
        step.do("undo", call, "undo")
        return f"{error.step} {error.type} {error.message}"
    return "fine"


@engine.workflow()
def waiting(step, *, hours: int = 1):
    try:
        return step.wait_for_event("approval", "approved", timeout=timedelta(hours=hours))
    except engine.WaitTimedOut:
        return step.do("tip", call, "tip", "nobody came")


@engine.workflow()
def sleeping(step, *, hours: int = 1):
    step.sleep("nap", timedelta(hours=hours))
    return step.do("awake", call, "awake", "rested")


@engine.workflow()
def parent(step):
    try:
        return step.child("sub", retried)
    except engine.ChildFailed as error:
        return error.message


@engine.workflow()
def swallowing(step):
    """An author who catches everything."""
    try:
        step.sleep("nap", timedelta(hours=1))
    except BaseException:  # noqa: BLE001
        try:
            step.do("too far", call, "too far")
        except BaseException:  # noqa: BLE001
            return "swallowed"
    return "rested"


@engine.workflow()
def pausing(step):
    step.do("pause", lambda: engine.pause(step.run_id))
    return step.do("after", call, "after", "through")


@engine.workflow()
def repeated_names(step):
    return [step.do("same", call, "same", number) for number in range(3)]


@engine.workflow()
def flexible(step):
    """Code that changes between two replays, as tests change `shape`."""
    for kind, name in shape:
        {"do": lambda n: step.do(n, call, n), "sleep": lambda n: step.sleep(n, timedelta(hours=1))}[kind](name)
    return "end"


shape: list[tuple[str, str]] = []


@engine.workflow("versioned", version=1)
def versioned_1(step):
    step.sleep("nap", timedelta(hours=1))
    return 1


@engine.workflow("secretive", sensitive=True)
def secretive(step, *, password: str):
    return step.do("hide", call, "hide", password, sensitive=True)


@engine.workflow()
def keyed(step):
    def remember(item, *, idempotency_key):
        calls[idempotency_key] += 1
        if calls[idempotency_key] == 1:
            raise ValueError("once more")
        return idempotency_key

    return step.do("pay", remember, 1, retry=NOW)


@engine.workflow()
def anything(step, *, value=None, function=None):
    return step.do("it", {None: lambda: value, "set": lambda: {1}, "big": lambda: "x" * 2_000_000}[function])


received: list[list] = []


@engine.consumer("letters", max_retries=2, retry_delay=timedelta(minutes=1))
def letters(batch):
    received.append([delivery.body for delivery in batch])
    for delivery in batch:
        if delivery.body == "ack":
            delivery.ack()
        if delivery.body == "again":
            delivery.retry(delay=timedelta(minutes=5))
        if delivery.body == "never":
            raise engine.NonRetryable("this one never")
    if failing["letters"]:
        failing["letters"] -= 1
        raise ValueError("letters are broken")


@engine.consumer("collected", max_batch_size=3, max_batch_wait=timedelta(seconds=30), max_retries=0, dead_letter=False)
def collected(batch):
    received.append([delivery.body for delivery in batch])
    call("collected")


@engine.consumer("narrow", max_batch_size=1, concurrency=1)
def narrow(batch):
    received.append([delivery.body for delivery in batch])


engine.schedule("hourly", three_steps, cron="0 * * * *", input={"start": 1}, missed="once")
engine.schedule("all", three_steps, every=timedelta(hours=1), input={"start": 1}, missed="all")
engine.schedule("skipping", three_steps, every=timedelta(hours=1), input={"start": 1}, missed="skip")
