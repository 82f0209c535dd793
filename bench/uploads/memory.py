"""How much memory the worker takes to check the largest pictures, and then to make their thumbnails."""

import contextlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.rows import Row, at_most, figure, note
from bench.uploads import resident
from bench.uploads.member import Member
from bench.uploads.pictures import largest
from bench.uploads.served import Served
from uploads.models import Upload

LIMIT = 150
KINDS = ("JPEG", "progressive JPEG", "PNG")
EVERY = 0.002
LONGEST = 120


@dataclass
class Peaks:
    """Megabytes of resident memory."""

    worker: float = 0.0
    """Of the process that checks and calls the decoder."""
    decoder: float = 0.0
    together: float = 0.0
    """Of both at one moment of the check, with all that they share counted twice."""
    thumbnails: float = 0.0
    """Of the decoder that makes them, once the upload is ready."""


def of_the_worker(served: Served) -> list[Row]:
    if not resident.KNOWN:
        return [note("memory of the worker", "is measured on Linux only")]
    return [row for kind in KINDS for row in _rows(kind, _peaks(served, kind))]


def _rows(kind: str, peaks: Peaks) -> list[Row]:
    name = f"{kind} of 10 MiB and 40 Mpx"
    rows = [at_most(LIMIT, figure(f"{name}, worker at its peak", peaks.worker, "MB"))]
    if peaks.decoder:  # a PNG needs none for its check
        rows += [
            figure(f"{name}, its decoder at its peak", peaks.decoder, "MB"),
            figure(f"{name}, both at one moment of the check", peaks.together, "MB"),
        ]
    return [*rows, figure(f"{name}, decoder of thumbnails", peaks.thumbnails, "MB")]


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
    for pid in pool:
        peaks.worker = max(peaks.worker, resident.peak(pid))
    for child, parent, box in _decoders(pool):
        peak = resident.peak(child)
        if box:
            peaks.thumbnails = max(peaks.thumbnails, peak)
        else:
            peaks.decoder = max(peaks.decoder, peak)
            peaks.together = max(peaks.together, resident.now(parent) + resident.now(child))


def _decoders(pool: list[int]) -> Iterator[tuple[int, int, int]]:
    """Yield the decoders of these processes, their parents, and the size that is asked of them, if any."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) > min(pool):
            with contextlib.suppress(OSError, IndexError):  # it ends meanwhile
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
                words = (folder / "cmdline").read_text().rstrip("\0").split("\0") if parent in pool else [""]
                if words[-2].endswith("decoder.py"):
                    yield int(folder.name), parent, json.loads(words[-1])["box"]
