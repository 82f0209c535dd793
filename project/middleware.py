"""Middleware of every request, in the order of settings.MIDDLEWARE."""

import logging
import re
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, UnreadablePostError
from django.http.response import HttpResponseBase, StreamingHttpResponse
from django.shortcuts import resolve_url
from django.utils.cache import patch_vary_headers

from project import errors
from project.lib import logs

type Handler = Callable[[HttpRequest], HttpResponseBase]

QUIET = {"/healthz", "/readyz"}  # asked every few seconds, for ever

request_log = logging.getLogger("holdfast.request")


def request_context(get_response: Handler) -> Handler:
    """Give the request an id, seen in the log and in the answer, and log one line for it."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        identity = logs.begin_request(request.headers.get("X-Request-ID", ""))
        started = time.perf_counter()
        try:
            response = get_response(request)
            response["X-Request-ID"] = identity
            milliseconds = round((time.perf_counter() - started) * 1000)
            request_log.log(
                logging.DEBUG if request.path in QUIET else logging.INFO,
                "%s %s %d %d ms",
                request.method,
                request.path,
                response.status_code,
                milliseconds,
                extra={
                    "method": request.method,
                    "path": request.path,
                    "status": response.status_code,
                    "duration_ms": milliseconds,
                },
            )
            return response
        finally:
            logs.end_request()

    return middleware


def head(get_response: Handler) -> Handler:
    """Send no body in answer to HEAD: gunicorn would drop it, with a warning each time."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if request.method == "HEAD":
            if isinstance(response, StreamingHttpResponse):
                response.streaming_content = iter(())  # what it was is still closed with the response
            elif isinstance(response, HttpResponse):
                response.content = b""
        return response

    return middleware


def body_limit(get_response: Handler) -> Handler:
    """Refuse a body before anything reads it: 413 above the path's limit, 411 without a length.

    Django takes a chunked body for an empty one and a cut one for a whole one; here a body has a length or is refused.
    What may be larger than memory should hold is left for the view to read, and is an error there where it is cut.
    """
    longest_first = sorted(settings.BODY_LIMITS.items(), key=lambda item: -len(item[0]))
    limits = [(re.compile(re.escape(prefix).replace(r"\*", "[^/]+")), most) for prefix, most in longest_first]

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if request.META.get("HTTP_TRANSFER_ENCODING"):
            return _refuse(request, HTTPStatus.LENGTH_REQUIRED)
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not (length.isascii() and length.isdigit()):
            return _refuse(request, HTTPStatus.BAD_REQUEST)
        limit = next((most for prefix, most in limits if prefix.match(request.path_info)), limits[-1][1])
        if len(length) > 15 or int(length) > limit:
            return _refuse(request, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        if limit > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            request._stream = Whole(request._stream, length=int(length))  # type: ignore[assignment] # noqa: SLF001 - Django offers no other way
        elif _is_cut(request, length=int(length)):
            return _refuse(request, HTTPStatus.BAD_REQUEST)
        return get_response(request)

    return middleware


class Whole:
    """A body that is read as it arrives; OSError if it ends before its declared length."""

    def __init__(self, stream: Any, *, length: int) -> None:
        self._stream, self._left = stream, length

    def read(self, size: int = -1) -> bytes:
        return self._count(self._stream.read(size), size)

    def readline(self, size: int = -1) -> bytes:
        return self._count(self._stream.readline(size), size)

    def seekable(self) -> bool:
        return False

    def close(self) -> None:
        self._stream.close()

    def _count(self, data: bytes, size: int) -> bytes:
        self._left -= len(data)
        if self._left > 0 and size != 0 and (not data or size < 0):
            raise OSError(f"{self._left} bytes of the body are missing")
        return data


def _is_cut(request: HttpRequest, *, length: int) -> bool:
    """Read the body, known to be small, and check that the client sent its declared length."""
    try:
        return len(request.body) != length
    except UnreadablePostError:
        return True


def _refuse(request: HttpRequest, status: HTTPStatus) -> HttpResponse:
    response = errors.error_response(request, status)
    request_log.warning("%s %s was refused with %d", request.method, request.path, status)
    return response


def response_headers(get_response: Handler) -> Handler:
    """Let no cache keep pages, which belong to one person and change often; give errors their designed form."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if isinstance(response, HttpResponseNotAllowed) and not response.content:
            allowed = response["Allow"]
            response = errors.error_response(request, HTTPStatus.METHOD_NOT_ALLOWED)
            response["Allow"] = allowed
        if "Cache-Control" not in response:
            response["Cache-Control"] = "no-store, private"
        if response.get("Content-Type", "").startswith("text/html"):
            patch_vary_headers(response, ["Cookie", "HX-Request", "HX-Target", "Accept"])
        response.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
        return response

    return middleware


def htmx(get_response: Handler) -> Handler:
    """Send a page swap that meets the sign-in page there as a whole: fetch would put it into a row.

    And drop an HX-Current-URL that is no URL: whoever asks django-htmx for its path would get a ValueError.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        try:
            urlsplit(request.headers.get("HX-Current-URL", ""))
        except ValueError:
            del request.META["HTTP_HX_CURRENT_URL"], request.headers  # the latter is built again
        response = get_response(request)
        if "HX-Request" not in request.headers or response.status_code != HTTPStatus.FOUND:
            return response
        target = response["Location"]
        sign_in = resolve_url(settings.LOGIN_URL)
        if target.partition("?")[0] not in {sign_in, resolve_url("account_reauthenticate")}:
            return response
        moved = HttpResponse(status=HTTPStatus.NO_CONTENT)
        moved["HX-Redirect"] = target
        moved.cookies = response.cookies
        return moved

    return middleware
