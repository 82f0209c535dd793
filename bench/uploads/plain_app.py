"""The application that `plain_copy` serves: it knows nothing but a folder."""

import os
import uuid
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

CHUNK = 256 * 1024


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    path = Path(os.environ["BENCH_FOLDER"], uuid.uuid4().hex)
    left, stream = int(environ["CONTENT_LENGTH"]), environ["wsgi.input"]
    with path.open("wb") as file:
        while chunk := stream.read(min(CHUNK, left)):
            file.write(chunk)
            left -= len(chunk)
        file.flush()
        os.fsync(file.fileno())
    start_response("200 OK", [("Content-Length", "0")])
    return []
