"""Workflows for the tests. What they did outside of the database is in `calls`, which each test empties."""

from collections import Counter
from datetime import timedelta

from workflows import engine
from workflows.models import AuditLine

calls: Counter[str] = Counter()
NOW = engine.Retry(limit=3, delay=timedelta(0), jitter=0)


def call(name: str, result=None):
    calls[name] += 1
    return result


def write(name: str):
    """Leave a row that is there exactly as often as the transaction was committed."""
    AuditLine.objects.create(at="2026-01-01T00:00:00Z", verb="write", subject="test", subject_id=name)
    return name


def written(name: str) -> int:
    return AuditLine.objects.filter(subject="test", subject_id=name).count()


@engine.workflow()
def three_steps(step, *, start: int):
    one = step.do("one", call, "one", start + 1, retry=NOW)
    two = step.transaction("two", write, "two", retry=NOW)
    return step.do("three", call, "three", {"one": one, "two": two}, retry=NOW)
