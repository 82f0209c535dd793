"""/healthz: the process answers. /readyz: everything it depends on answers too, each named."""

import logging
import uuid
from collections.abc import Callable
from typing import Literal

from django.conf import settings
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase

from project.lib.s3 import PRIVATE
from workflows.models import Worker

type Handler = Callable[[HttpRequest], HttpResponseBase]
type State = Literal["ok", "failed", "missing"]

log = logging.getLogger("holdfast.health")


def middleware(get_response: Handler) -> Handler:
    """Answer before the check of the host and the redirect to https: a load balancer asks by address, over http."""

    def health(request: HttpRequest) -> HttpResponseBase:
        if request.path_info == "/healthz":
            return _plain(JsonResponse({"status": "ok"}))
        if request.path_info == "/readyz":
            return _plain(_ready())
        return get_response(request)

    return health


def _plain(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store"
    return response


def _ready() -> HttpResponse:
    """503 when pages cannot work. A missing worker is reported with 200: pages work, background jobs wait."""
    parts: dict[str, State] = {
        "database": _probe("database", _query),
        "cache": _probe("cache", _count),
        "storage": _probe("storage", _write),
    }
    ready = all(state == "ok" for state in parts.values())
    parts["worker"] = _probe("worker", _worker) if parts["database"] == "ok" else "missing"
    if parts["worker"] != "ok":
        parts["worker"] = "missing"
    return JsonResponse({"status": "ok" if ready else "unavailable", "parts": parts}, status=200 if ready else 503)


def _probe(name: str, check: Callable[[], None]) -> State:
    try:
        check()
    except Exception as error:  # noqa: BLE001 - whatever it is, this part does not work
        log.warning("%s is not ready: %s", name, error)
        return "failed"
    return "ok"


def _query() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _count() -> None:
    cache.add("readyz", 0, timeout=60)
    cache.incr("readyz")


def _write() -> None:
    if settings.S3:
        from uploads.stores import s3  # with boto3, which is large

        return s3.probe(f"{PRIVATE}readyz")  # the default storage would wait for minutes
    name = f"readyz/{uuid.uuid4().hex}"
    try:
        default_storage.save(name, ContentFile(b"ok"))
    finally:
        default_storage.delete(name)  # a full disk leaves an empty file
    return None


def _worker() -> None:
    if not Worker.objects.alive().exists():
        raise LookupError("no worker has reported recently")
