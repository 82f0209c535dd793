"""How much memory it takes to check the largest pictures and to make their thumbnails."""

import contextlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.rows import Row, at_most, figure, note
from bench.uploads import resident
from bench.uploads.member import Member
from bench.uploads.pictures import KINDS, largest
from bench.uploads.served import Served
from uploads.models import Upload

LIMIT = 150
EVERY = 0.002
LONGEST = 120


@dataclass
class Peaks:
    """Megabytes of memory, at the moment when it was most."""

    process: float = 0.0
    """Resident in the one of the worker's processes that checks."""
    check: float = 0.0
    """Of that process and its decoder, where of pages that processes share each has its part."""
    thumbnails: float = 0.0
    """The same while these are made, once the upload is ready."""


def of_the_worker(served: Served) -> list[Row]:
    if not resident.KNOWN:
        return [note("memory of the worker", "is measured on Linux only")]
    at_rest = sum(resident.share(process.pid) for process in served.worker())
    rows = [figure("worker at rest, all its processes", at_rest, "MB")]
    return rows + [row for kind in KINDS for row in _rows(kind, _peaks(served, kind))]


def _rows(kind: str, peaks: Peaks) -> list[Row]:
    check = figure(f"{kind}, that process with its decoder", peaks.check, "MB")
    thumbnails = figure(f"{kind}, both while they make thumbnails", peaks.thumbnails, "MB")
    if KINDS[kind].usual:
        check, thumbnails = at_most(LIMIT, check), at_most(LIMIT, thumbnails)
    return [at_most(LIMIT, figure(f"{kind}, process that checks", peaks.process, "MB")), check, thumbnails]


def _peaks(served: Served, kind: str) -> Peaks:
    data, type = largest(kind)
    member = Member(served.port)
    made = member.declare(len(data), type)
    member.put(made, data)
    pool = [process.pid for process in served.worker()]
    for pid in pool:
        resident.forget_peak(pid)
    member.ask("POST", made["complete"])
    done = Upload.objects.filter(pk=made["id"], thumbnails_at__isnull=False)
    peaks, end, asked_at = Peaks(), time.monotonic() + LONGEST, 0.0
    while time.monotonic() < end:
        _look(pool, peaks)
        if time.monotonic() - asked_at > 0.1:
            if done.exists():
                return peaks
            asked_at = time.monotonic()
        time.sleep(EVERY)
    raise TimeoutError(f"{kind}: no thumbnails within {LONGEST} s")


def _look(pool: list[int], peaks: Peaks) -> None:
    for decoder, parent, is_of_thumbnails in _decoders(pool):
        together = resident.share(parent) + resident.share(decoder)
        if is_of_thumbnails:
            peaks.thumbnails = max(peaks.thumbnails, together)
        else:
            peaks.check = max(peaks.check, together)
    peaks.process = max(map(resident.peak, pool))
    peaks.check = max([peaks.check, *map(resident.share, pool[1:])])  # a PNG needs no decoder for its check


def _decoders(pool: list[int]) -> Iterator[tuple[int, int, bool]]:
    """Yield the decoders of these processes, their parents, and whether they make thumbnails."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) > min(pool):
            with contextlib.suppress(OSError, IndexError):  # it ends meanwhile
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
                words = (folder / "cmdline").read_text().rstrip("\0").split("\0") if parent in pool else [""]
                if words[-2].endswith("decoder.py"):
                    yield int(folder.name), parent, bool(json.loads(words[-1])["boxes"])
