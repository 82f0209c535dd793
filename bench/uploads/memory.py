"""How much memory the worker takes, all its processes, to check the largest pictures and make their thumbnails."""

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
    """Megabytes of memory, at the moment when it was most; what processes share is counted once."""

    check: float = 0.0
    """Of the worker and its decoder together."""
    thumbnails: float = 0.0
    """Of both while the decoder makes these, once the upload is ready."""
    decoder: float = 0.0
    """Of the decoder alone, in either."""


def of_the_worker(served: Served) -> list[Row]:
    if not resident.KNOWN:
        return [note("memory of the worker", "is measured on Linux only")]
    idle = sum(resident.share(process.pid) for process in served.worker())
    rows = [figure("worker that has nothing to do, all its processes", idle, "MB")]
    for kind in KINDS:
        rows += _rows(kind, _peaks(served, kind))
    return rows


def _rows(kind: str, peaks: Peaks) -> list[Row]:
    check = figure(f"{kind}, worker and decoder at their peak", peaks.check, "MB")
    thumbnails = figure(f"{kind}, both while thumbnails are made", peaks.thumbnails, "MB")
    if KINDS[kind].usual:
        check, thumbnails = at_most(LIMIT, check), at_most(LIMIT, thumbnails)
    return [check, thumbnails, figure(f"{kind}, the decoder alone", peaks.decoder, "MB")]


def _peaks(served: Served, kind: str) -> Peaks:
    data, type = largest(kind)
    member = Member(served.port)
    made = member.declare(len(data), type)
    member.put(made, data)
    pool = [process.pid for process in served.worker()]
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
    decoders = dict(_decoders(pool))
    together = sum(resident.share(pid) for pid in [*pool, *decoders])
    if any(decoders.values()):
        peaks.thumbnails = max(peaks.thumbnails, together)
    else:
        peaks.check = max(peaks.check, together)
    peaks.decoder = max(peaks.decoder, *map(resident.peak, decoders), 0.0)


def _decoders(pool: list[int]) -> Iterator[tuple[int, bool]]:
    """Yield the decoders of these processes, and whether they make thumbnails."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) > min(pool):
            with contextlib.suppress(OSError, IndexError):  # it ends meanwhile
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
                words = (folder / "cmdline").read_text().rstrip("\0").split("\0") if parent in pool else [""]
                if words[-2].endswith("decoder.py"):
                    yield int(folder.name), bool(json.loads(words[-1])["boxes"])
