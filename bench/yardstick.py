"""DBOS Transact on the same machine and kind of database, in a process of its own."""

import json
import subprocess
import time
from pathlib import Path

from bench.place import Place
from bench.rows import Baseline

ROOT = Path(__file__).resolve().parent.parent
PYTHON = ROOT / ".venv-bench" / "bin" / "python"


def ask(place: Place, what: str, count: int) -> dict[str, Baseline]:
    """Measure it there; nothing where it is not installed (bin/setup --bench)."""
    if not PYTHON.exists():
        return {}
    name = f"dbos_{time.monotonic_ns()}"
    url = place.postgres_url(name) if place.database == "postgres" else f"sqlite:///{place.folder / name}"
    command = [str(PYTHON), str(ROOT / "bench" / "dbos_side.py"), what, url, str(count)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=300)
    found = json.loads(done.stdout.splitlines()[-1])
    return {metric: Baseline("DBOS", value) for metric, value in found.items()}
