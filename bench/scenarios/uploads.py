"""Files of members: what they cost the web processes and the worker, and what slow lines do to everybody else.

Once with the local store, once with a real S3 server; all processes are those of `manage.py serve`.
"""

from dataclasses import replace
from pathlib import Path

from bench.place import Place
from bench.rows import Row
from bench.uploads import costs, memory, slow_lines, throughput
from bench.uploads.served import Served
from tests.seaweedfs import SeaweedFS

MANY_THREADS = 128
"""Of each of the two web processes, where slow lines have to go through them."""


def measure(place: Place) -> list[Row]:
    with Served(place) as served:
        local = [*costs.to_ready(served), *memory.of_the_worker(served), *throughput.of_puts(served, place)]
        local += slow_lines.that_fill_the_threads(served)
    with Served(place, GUNICORN_CMD_ARGS=f"--threads {MANY_THREADS}") as served:
        spacious = slow_lines.of_many(served)
    server = SeaweedFS(_folder(place))
    server.start()
    try:
        with Served(place, **server.environment()) as served:
            remote = [*costs.to_ready(served), *costs.by_size(served), *memory.of_the_worker(served)]
            remote += slow_lines.that_pass_by(served)
    finally:
        server.stop()
    return [*_named("local", local), *_named(f"local, {MANY_THREADS} threads", spacious), *_named("S3", remote)]


def _folder(place: Place) -> Path:
    folder = place.folder / "seaweedfs"
    folder.mkdir()
    return folder


def _named(store: str, rows: list[Row]) -> list[Row]:
    return [replace(row, metric=f"{store}: {row.metric}") for row in rows]
