"""What an upload asks of the web processes."""

import statistics

from bench.rows import Baseline, Row, at_most, figure, note, times_at_most
from bench.uploads import resident
from bench.uploads.member import Member, until_ready
from bench.uploads.pictures import jpeg
from bench.uploads.served import Served, cpu_seconds
from uploads.models import Upload

PICTURE = 5_000_000
SIZES = {"100 kB": 100_000, "1 MB": 1_000_000, "10 MB": 10_000_000}
EACH, ROUNDS = 6, 3
WARM_UP = 48
"""Uploads: each thread of the web processes keeps some memory for itself."""
NEAR = 1.25
"""What "does not grow" may differ by: processor time is counted in hundredths of a second."""
MOST_MEMORY = 2
"""MB more than before, at the most: far from one of the largest pictures."""


def to_ready(served: Served) -> list[Row]:
    """Do what a page does, one upload at a time, until it shows the picture as attached."""
    member, seconds, requests = Member(served.port), list[float](), list[int]()
    for _number in range(5):
        member.asked = 0
        pk = member.send(jpeg(PICTURE))
        member.follow(pk)
        requests.append(member.asked)
        upload = Upload.objects.get(pk=pk)
        assert upload.settled_at
        seconds.append((upload.settled_at - upload.created_at).total_seconds())
    return [
        figure("5 MB picture, requests until the page shows it", statistics.median(requests), ""),
        figure("5 MB picture, from create to ready", statistics.median(seconds), "s"),
    ]


def by_size(served: Served) -> list[Row]:
    """Measure sizes by turns, once all that is filled once has been filled."""
    until_ready(*Member(served.port).send_many(jpeg(SIZES["100 kB"]), WARM_UP))
    spent: dict[str, list[float]] = {name: [] for name in SIZES}
    more: dict[str, list[float]] = {name: [] for name in SIZES}
    for _round in range(ROUNDS):
        for name, size in SIZES.items():
            _upload(served, jpeg(size), spent[name], more[name])
    cpu = {name: statistics.median(found) for name, found in spent.items()}
    rows = []
    for name in SIZES:
        row = figure(f"{name}, web processes' time", cpu[name], "ms", baseline=Baseline("100 kB", cpu["100 kB"]))
        rows.append(row if name == "100 kB" else times_at_most(NEAR, row))
    if not resident.KNOWN:
        return [*rows, note("memory of web processes", "is measured on Linux only")]
    for name in SIZES:
        row = figure(f"{name}, web processes' memory above before", max(more[name]), "MB")
        rows.append(at_most(MOST_MEMORY, row))
    return rows


def _upload(served: Served, data: bytes, spent: list[float], more: list[float]) -> None:
    """Note the milliseconds of processor time of one upload, and the most memory that some one after the other take."""
    member, web = Member(served.port), served.web()
    for process in web if resident.KNOWN else []:
        resident.forget_peak(process.pid)
    held, used = sum(resident.now(process.pid) for process in web), cpu_seconds(web)
    sent = member.send_many(data, EACH)
    spent.append(1000 * (cpu_seconds(web) - used) / EACH)
    more.append(sum(resident.peak(process.pid) for process in web) - held)
    until_ready(*sent, pictured=True)
