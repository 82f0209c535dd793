"""How fast the local store takes bytes in, against a server that does nothing else."""

import time
from collections.abc import Callable

from bench.place import Place
from bench.rows import Baseline, Row, figure, times_at_least
from bench.timing import versus
from bench.uploads import plain_copy
from bench.uploads.member import Member, request
from bench.uploads.pictures import jpeg
from bench.uploads.served import Served

PICTURE = 10_000_000
EACH = 8
ROUNDS = 5


def of_puts(served: Served, place: Place) -> list[Row]:
    data = jpeg(PICTURE)
    member = Member(served.port)

    def ours() -> float:
        made = [member.declare(len(data)) for _number in range(EACH)]
        return _rate(lambda: member.put(made.pop(), data), len(data))

    with plain_copy.served(place.folder / "copies") as address:

        def theirs() -> Baseline:
            return Baseline("plain copy", _rate(lambda: request("PUT", address, data, {}), len(data)))

        rate, baseline = versus(ours, theirs, rounds=ROUNDS)
    return [times_at_least(0.5, figure("PUT of 10 MB, one after the other", rate, "MB/s", baseline=baseline))]


def _rate(put: Callable[[], object], size: int) -> float:
    """Return megabytes a second."""
    began = time.perf_counter()
    for _number in range(EACH):
        put()
    return EACH * size / 1e6 / (time.perf_counter() - began)
