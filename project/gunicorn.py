"""gunicorn's configuration; `manage.py serve` passes it an open socket to listen on."""

import os
from typing import Any

from workflows.worker.processes import die_with_parent

_host = os.environ.get("HOST") or "127.0.0.1"
bind = f"{f'[{_host}]' if ':' in _host else _host}:{os.environ.get('PORT') or '8000'}"  # `serve` gives a socket
workers = 2
worker_class = "gthread"
threads = 8
timeout = 30
graceful_timeout = 3  # seconds; the supervisor gives 5
keepalive = 15
loglevel = "warning"
errorlog = "-"
max_requests = 20_000
max_requests_jitter = 2_000
control_socket_disable = True


def post_fork(_server: Any, _worker: Any) -> None:
    die_with_parent()
