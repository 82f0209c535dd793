"""Run measurements one by one, each in a process, a folder and a database of its own; print and write what they say."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import rows

ROOT = Path(__file__).resolve().parent.parent
DATABASES = ("sqlite", "postgres")
LONGEST = 1800
"""Seconds after which a measurement is given up."""


@dataclass(frozen=True)
class Measurement:
    """A module with `measure(place) -> list[Row]`; `on_request` ones run when named by ONLY or with BENCH_FULL=1."""

    module: str
    databases: Sequence[str] = DATABASES
    on_request: bool = False

    @property
    def name(self) -> str:
        return self.module.rpartition(".")[2].replace("_", "-")


def run(measurements: Sequence[Measurement], *, file: str) -> int:
    """Run what ONLY and DATABASE name, or everything; return the exit status: 1 where a goal was missed."""
    only, wanted = os.environ.get("ONLY", ""), os.environ.get("DATABASE", "")
    names = [one.name for one in measurements]
    if (only and only not in names) or (wanted and wanted not in DATABASES):
        print(f"ONLY is one of {', '.join(names)}; DATABASE is sqlite or postgres.", file=sys.stderr)
        return 2
    found: list[rows.Row] = []
    print(f"Load of this machine before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores", flush=True)
    for one in measurements:
        for database in one.databases:
            if only not in ("", one.name) or wanted not in ("", database):
                continue
            print(f"... {one.name} on {database}", flush=True)
            found += [row.placed(one.name, database) for row in _measure(one, database, asked=bool(only))]
    rows.print_table(found)
    target = Path(os.environ.get("DATA_DIR") or ROOT / "var") / file
    rows.write(found, target)
    print(f"The same as JSON: {target}. Load after: {os.getloadavg()[0]:.1f}")
    return int(any(row.met is False for row in found))


def _measure(one: Measurement, database: str, *, asked: bool) -> list[rows.Row]:
    if one.on_request and not asked and os.environ.get("BENCH_FULL") != "1":
        return [rows.note(one.name, f"takes minutes, run with ONLY={one.name} or BENCH_FULL=1")]
    with tempfile.TemporaryDirectory(prefix="holdfast-bench-", ignore_cleanup_errors=True) as folder:
        answer = Path(folder) / "rows.json"
        child = subprocess.Popen(
            [sys.executable, "-m", "bench.place", one.module, database, folder, str(answer)], cwd=ROOT
        )
        try:
            status = child.wait(timeout=LONGEST)
        except (KeyboardInterrupt, subprocess.TimeoutExpired):
            child.terminate()
            child.wait(timeout=60)
            raise
        if status or not answer.exists():
            return [rows.exactly(0, rows.figure("ended with an error, see above", float(status or 1), ""))]
        return rows.read(answer)
