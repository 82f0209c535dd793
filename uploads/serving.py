"""Sending a file, from the store or the local disk, to a person who may see it: the caller has checked that."""

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from http import HTTPStatus
from typing import BinaryIO, Literal

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified, HttpResponseRedirect
from django.http.response import HttpResponseBase, StreamingHttpResponse
from django.utils.cache import patch_cache_control
from django.utils.http import parse_etags

from project.lib.connections import let_go
from uploads import verifying
from uploads.models import State, Upload
from uploads.stores import store
from uploads.stores.base import Missing

type Variant = Literal["file", "small", "large"]

URL_LASTS = timedelta(seconds=60)
CHUNK = 64 * 1024
THUMBNAIL = "image/webp"


def respond(request: HttpRequest, upload: Upload, variant: Variant) -> HttpResponseBase:
    """Answer with the file or one of its pictures; 404 where it is not ready, or has none (yet)."""
    if upload.state != State.READY or (variant != "file" and upload.thumbnails_at is None):
        raise Http404
    key = getattr(upload, variant)
    type, name = (upload.type, upload.name) if variant == "file" else (THUMBNAIL, f"{upload.name}.webp")
    headers = verifying.serving_headers(type, name)
    inline = headers["Content-Disposition"].startswith("inline")
    url = store().presign_get(key, name=name, type=type, inline=inline, expires=URL_LASTS)
    if url is not None:
        return HttpResponseRedirect(url)
    return _send(request, key, etag=f'"{upload.sha256[:32]}-{variant}"', headers=headers)


def _send(request: HttpRequest, key: str, *, etag: str, headers: dict[str, str]) -> HttpResponseBase:
    headers |= {"ETag": etag, "Accept-Ranges": "bytes"}
    if etag in parse_etags(request.headers.get("If-None-Match", "")):
        return _kept(HttpResponseNotModified(headers={"ETag": etag}))
    found = store().head(key)
    if found is None:
        raise Http404
    start, end = 0, found.size
    status = HTTPStatus.OK
    if (asked := request.headers.get("Range")) and request.headers.get("If-Range", etag) == etag:
        part = _part(asked, found.size)
        if part == (0, 0):
            refused = HttpResponse(status=HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)
            refused["Content-Range"] = f"bytes */{found.size}"
            return refused
        if part:
            start, end = part
            status = HTTPStatus.PARTIAL_CONTENT
            headers["Content-Range"] = f"bytes {start}-{end - 1}/{found.size}"
    headers["Content-Length"] = str(end - start)
    let_go()
    try:
        body = _Body(store().open(key), start=start, end=end)
    except Missing as error:
        raise Http404 from error
    return _kept(StreamingHttpResponse(body, status=status, headers=headers))


def _part(asked: str, size: int) -> tuple[int, int] | None:
    """Return first byte and end of a single range, (0, 0) for one after the end, None for what is not understood."""
    match = re.fullmatch(r"bytes=([0-9]{0,18})-([0-9]{0,18})", asked.strip())
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if not first:
        return (max(size - int(last), 0), size) if int(last) else (0, 0)
    if last and int(last) < int(first):
        return None
    if int(first) >= size:
        return 0, 0
    return int(first), min(int(last) + 1, size) if last else size


class _Body:
    """Part of a file, read as it is sent; closed with the response."""

    def __init__(self, opening: AbstractContextManager[BinaryIO], *, start: int, end: int) -> None:
        self._opening, self._left = opening, end - start
        self._file = opening.__enter__()
        self._file.seek(start)

    def __iter__(self) -> Iterator[bytes]:
        while self._left > 0 and (chunk := self._file.read(min(CHUNK, self._left))):
            self._left -= len(chunk)
            yield chunk

    def close(self) -> None:
        self._opening.__exit__(None, None, None)


def _kept[R: HttpResponseBase](response: R) -> R:
    """Let the browser cache it, but ask each time whether the person may still see it."""
    patch_cache_control(response, private=True, no_cache=True)
    return response
