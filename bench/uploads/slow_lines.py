"""What members with slow lines do to everybody else's pages."""

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

from bench.crew import MANAGE
from bench.rows import Baseline, Row, exactly, figure, times_at_most
from bench.timing import percentile
from bench.uploads.member import Member
from bench.uploads.served import Served
from bench.uploads.slowly import BYTES_PER_SECOND, EVERY

LINES, EACH = 200, 25
"""Lines in all, and of one member."""
SECONDS = 24
"""How long a line is busy."""
LOOKS_FOR = 18
TODOS = 50
STUCK = 3.0
"""Seconds after which a page that does not come is given up."""
ROUNDS = 2
MORE_LINES = 24


def that_pass_by(served: Served) -> list[Row]:
    """Measure where the uploads go to another server."""
    return [times_at_most(1.2, row) if row.baseline else row for row in of_many(served)]


def of_many(served: Served) -> list[Row]:
    """Load a list's page by itself and during 200 slow uploads, by turns."""
    reader = Member(served.port, todos=TODOS)
    alone, beside, arrived = list[float](), list[float](), 0
    _loads(reader, 2)
    for _round in range(ROUNDS):
        alone += _loads(reader, LOOKS_FOR / 2)
        with slow_uploads(served, LINES) as ends:
            time.sleep(2)
            beside += _loads(reader, LOOKS_FOR)
        arrived += ends.get("200", 0)
        alone += _loads(reader, LOOKS_FOR / 2)
    rows = [exactly(LINES * ROUNDS, figure(f"slow uploads that arrived, {ROUNDS} times {LINES} at once", arrived, ""))]
    for name, share in (("p50", 0.5), ("p95", 0.95)):
        during = percentile(beside, share)
        rows.append(figure(f"page during {LINES} slow uploads, {name}", during, "ms", baseline=_without(alone, share)))
    return rows


def that_fill_the_threads(served: Served) -> list[Row]:
    """Add a slow upload each second until a page does not come."""
    reader = Member(served.port, todos=TODOS)
    alone = _loads(reader, 5)
    with slow_uploads(served, MORE_LINES, apart=1.0):
        began = time.monotonic()
        beside = _loads(reader, MORE_LINES, most=STUCK)
        took = time.monotonic() - began
    if took >= MORE_LINES:
        return [figure("slow uploads at once, and no page waits 3 s", MORE_LINES, "")]
    row = figure("slow uploads at once that make a page wait 3 s", int(took - STUCK) + 1, "")
    return [row, figure("page beside fewer, p50", percentile(beside, 0.5), "ms", baseline=_without(alone, 0.5))]


@contextlib.contextmanager
def slow_uploads(served: Served, lines: int, *, apart: float = 0.0) -> Iterator[dict[str, int]]:
    """Keep them busy during the block, and wait for their end; what is given then says how they ended."""
    jobs = [job for start in range(0, lines, EACH) for job in _jobs(served, min(EACH, lines - start))]
    apart = apart or EVERY / lines  # so that they do not send at the same moments
    jobs = [[*job, apart * number] for number, job in enumerate(jobs)]
    ends: dict[str, int] = {}
    command = [sys.executable, "-m", "bench.uploads.slowly"]
    process = subprocess.Popen(command, cwd=MANAGE.parent, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdin
        process.stdin.write(json.dumps(jobs) + "\n")
        process.stdin.flush()
        yield ends
        ends |= json.loads(process.communicate(timeout=3 * SECONDS)[0])
    finally:
        process.kill()
        process.wait()


def _jobs(served: Served, count: int) -> list[Any]:
    member, size = Member(served.port), SECONDS * BYTES_PER_SECOND
    made = [member.declare(size) for _number in range(count)]
    return [[member.address(one), one["put"]["headers"], size] for one in made]


def _loads(member: Member, seconds: float, *, most: float = 30) -> list[float]:
    """Load the page again and again, or until it does not come; return the milliseconds each took."""
    took, end = list[float](), time.monotonic() + seconds
    with contextlib.suppress(TimeoutError):
        while time.monotonic() < end:
            began = time.perf_counter()
            member.look(member.list.get_absolute_url(), timeout=most)
            took.append(1000 * (time.perf_counter() - began))
            time.sleep(0.02)
    return took


def _without(alone: list[float], share: float) -> Baseline:
    return Baseline("without", percentile(alone, share))
