"""What an upload asks of the web processes."""

import statistics
import time

from bench.rows import Baseline, Row, at_most, figure, times_at_most
from bench.uploads.member import Member, until_ready
from bench.uploads.pictures import jpeg
from bench.uploads.served import Served, cpu_seconds, megabytes

PICTURE = 5_000_000
SIZES = {"100 kB": 100_000, "1 MB": 1_000_000, "10 MB": 10_000_000}
EACH, ROUNDS = 8, 3
NEAR = 1.25
"""What "does not grow" may differ by: processor time is counted in hundredths of a second."""
GROWTH = 100
"""kB for each upload: of a picture of 100 kB as of one of 10 MB."""


def to_ready(served: Served) -> list[Row]:
    """Measure what a page does, one upload at a time, until it shows the picture as attached."""
    member, seconds, requests = Member(served.port), list[float](), list[int]()
    for _number in range(5):
        member.asked = 0
        began = time.monotonic()
        pk = member.send(jpeg(PICTURE))
        until_ready(pk)
        seconds.append(time.monotonic() - began)
        member.follow(pk)
        requests.append(member.asked)
    return [
        figure("5 MB picture, requests until the page shows it", statistics.median(requests), ""),
        figure("5 MB picture, from create to ready", statistics.median(seconds), "s"),
    ]


def by_size(served: Served) -> list[Row]:
    """Measure sizes by turns, after one round that fills what is filled once."""
    milliseconds: dict[str, list[float]] = {name: [] for name in SIZES}
    growth: dict[str, list[float]] = {name: [] for name in SIZES}
    for number in range(ROUNDS + 1):
        for name, size in SIZES.items():
            spent, grown = _spent(served, jpeg(size))
            if number:
                milliseconds[name].append(spent)
                growth[name].append(grown)
    cpu = {name: statistics.median(found) for name, found in milliseconds.items()}
    rows = []
    for name in SIZES:
        row = figure(f"{name}, web processes' time", cpu[name], "ms", baseline=Baseline("100 kB", cpu["100 kB"]))
        rows.append(row if name == "100 kB" else times_at_most(NEAR, row))
    rows += [_grown(name, growth[name]) for name in SIZES]
    return rows


def _spent(served: Served, data: bytes) -> tuple[float, float]:
    """Return the milliseconds of processor time, and the kB of memory, that one upload costs all web processes."""
    member, web = Member(served.port), served.web()
    held, used = megabytes(web), cpu_seconds(web)
    sent = [member.send(data) for _number in range(EACH)]
    spent, grown = cpu_seconds(web) - used, megabytes(web) - held
    until_ready(*sent, pictured=True)
    return 1000 * spent / EACH, 1000 * grown / EACH


def _grown(name: str, kilobytes: list[float]) -> Row:
    return at_most(GROWTH, figure(f"{name}, web processes' memory", statistics.median(kilobytes), "kB"))
