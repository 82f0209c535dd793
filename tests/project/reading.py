"""Reading the settings as a self-hoster's processes do: from an environment, or through manage.py."""

import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
KEYS = {"S3_BUCKET": "files", "S3_ACCESS_KEY_ID": "key", "S3_SECRET_ACCESS_KEY": "never shown"}


def manage(*args: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *args],
        check=False,
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )


def read_settings(monkeypatch: pytest.MonkeyPatch, **environment: str) -> dict:
    """Return the settings that a process with this environment alone would read."""
    monkeypatch.setattr("os.environ", {"PATH": os.environ["PATH"], **environment})
    return runpy.run_path(str(ROOT / "project/settings.py"))


def settings_of(monkeypatch: pytest.MonkeyPatch, *names: str, **environment: str) -> dict:
    found = read_settings(monkeypatch, **environment)
    return {name: found[name] for name in names}
