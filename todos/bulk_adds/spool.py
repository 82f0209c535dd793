"""Forms whose fields may be as large as a file: every part of the body is written to disk as it arrives."""

import re
from collections.abc import Mapping
from tempfile import SpooledTemporaryFile
from typing import Any

from django.core.exceptions import TooManyFieldsSent
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpRequest, QueryDict
from django.http.multipartparser import ChunkIter, LazyStream, MultiPartParserError, Parser
from django.utils.datastructures import MultiValueDict

CHUNK = 64 * 1024
IN_MEMORY = 256 * 1024
MOST_PARTS = 20
SMALL = 64 * 1024
"""Bytes of a field that is not one of the large ones."""


class Spool(FileUploadHandler):
    """Gives the fields named `large` as files, typed or chosen; keeps at most `limit` + 1 bytes of each.

    Django's own parser would hold a typed text in memory two or three times over.
    """

    def __init__(self, request: HttpRequest, *, large: frozenset[str], limit: int) -> None:
        super().__init__(request)
        self._large, self._limit = large, limit

    def handle_raw_input(
        self,
        input_data: Any,
        META: Mapping[str, Any],  # noqa: N803 - Django's
        content_length: int,
        boundary: Any,  # bytes, whatever the stubs say
        encoding: str | None = None,
    ) -> tuple[QueryDict, MultiValueDict[str, UploadedFile[bytes]]]:
        fields = QueryDict(mutable=True, encoding=encoding or "utf-8")
        files: MultiValueDict[str, UploadedFile[bytes]] = MultiValueDict()
        try:
            for count, (_kind, headers, part) in enumerate(Parser(LazyStream(ChunkIter(input_data, CHUNK)), boundary)):
                if count > MOST_PARTS:
                    raise TooManyFieldsSent(f"more than {MOST_PARTS} fields")
                name, file_name = _names(headers)
                if name in self._large:
                    kept = self._spool(part, name=file_name or name)
                    if kept.size or file_name:
                        files.appendlist(name, kept)
                    else:  # nothing was typed or chosen
                        kept.close()
                elif name:
                    fields.appendlist(name, _small(part))
            while input_data.read(CHUNK):  # what follows the last part; a cut body shows here
                pass
        except BaseException:
            for _name, found in files.lists():
                for file in found:
                    file.close()
            raise
        fields._mutable = False  # noqa: SLF001 - as Django's own parser ends
        return fields, files

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        raise NotImplementedError  # handle_raw_input leaves nothing to receive

    def file_complete(self, file_size: int) -> None:
        return None

    def _spool(self, part: Any, *, name: str) -> UploadedFile[bytes]:
        kept = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - the request closes it
        size = 0
        try:
            for chunk in part:
                kept.write(chunk[: max(self._limit + 1 - size, 0)])
                size += len(chunk)
        except BaseException:
            kept.close()
            raise
        kept.seek(0)
        return UploadedFile(kept, name=name, size=size)


def _names(headers: Mapping[str, Any]) -> tuple[str, str]:
    """Return the part's name, "" for none, and the name of its file."""
    try:
        disposition = headers["content-disposition"][1]
        name, file_name = disposition["name"], disposition.get("filename") or ""
    except (KeyError, IndexError, AttributeError):
        return "", ""
    last = re.split(r"[/\\\\]", _text(file_name))[-1]
    return _text(name).strip(), "".join(filter(str.isprintable, last)).strip(" .")


def _small(part: Any) -> str:
    data = part.read(size=SMALL + 1)
    if len(data) > SMALL:
        raise MultiPartParserError("a field is too large")
    return _text(data)


def _text(value: str | bytes) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else value
