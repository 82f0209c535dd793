"""A shortened `make storm`: real workers, killed while they work."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
VARIANTS = [
    ("killed-workers", "sqlite"),
    ("killed-workers", "postgres"),
    ("postgres-restart", "postgres"),
    ("valkey-flush", "sqlite"),
    ("two-clusters", "postgres"),
    ("frozen", "sqlite"),
]


@pytest.mark.slow
@pytest.mark.acceptance
@pytest.mark.parametrize(("variant", "database"), VARIANTS)
def test_nothing_is_lost_in_a_storm(variant, database, tmp_path):
    environment = {"ONLY": variant, "DATABASE": database, "DATA_DIR": str(tmp_path)}
    short = {"STORM_RUNS": "100", "STORM_SECONDS": "10"}
    done = subprocess.run(
        [sys.executable, "-m", "bench.storm"],
        cwd=ROOT,
        env=os.environ | environment | short,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    rows = json.loads((tmp_path / "storm.json").read_text())
    assert rows
    assert [row for row in rows if row["met"] is False] == [], done.stdout + done.stderr
    assert done.returncode == 0
