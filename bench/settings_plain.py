"""The same with a plain django-q2 on the same database, tuned: persistent connections, nothing saved, bulk fetches."""

from bench.settings import *  # noqa: F403 - the point of this module

Q_CLUSTER = {
    "name": "plain",
    "orm": "default",
    "workers": 2,
    "bulk": 20,
    "queue_limit": 40,
    "poll": 0.05,
    "timeout": 30,
    "retry": 60,
    "max_attempts": 1,
    "ack_failures": True,
    "save_limit": -1,
    "cache": "nowhere",
    "scheduler": False,
}
SILENCED_SYSTEM_CHECKS = ["workflows.E001", "workflows.E003"]
