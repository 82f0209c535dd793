"""Lines of an uploaded text, read as a stream: which of them are a to-do's text, and why the others are not."""

import unicodedata
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from django.core.exceptions import ValidationError

from accounts.text import one_line, validate_characters, validate_visible
from todos.models.skippedlines import EXCERPT_LENGTH, Problem
from todos.models.todo import TEXT_LENGTH

CHUNK = 64 * 1024
LINE_BYTES = 16 * 1024
"""No more of a line is kept in memory; far more than the longest text needs, whatever its characters."""
_BOM = b"\xef\xbb\xbf"


class Refusal(NamedTuple):
    """Why a line is refused: `detail` is the length, the character or the byte, `place` counts from 1."""

    problem: Problem
    detail: str = ""
    place: int | None = None
    excerpt: str = ""


class Line(NamedTuple):
    """A line at its bytes in the file; either `text` or `refusal` is set."""

    number: int
    start: int
    end: int
    text: str
    refusal: Refusal | None


def read_lines(chunks: Iterable[bytes], *, number: int = 1, start: int = 0) -> Iterator[Line]:
    """Yield the lines of a text that begins at line `number`, byte `start` of its file."""
    for count, (end, raw) in enumerate(_split(chunks), start=number):
        body = raw.rstrip(b"\r\n")
        found = _judge(body.removeprefix(_BOM) if start == 0 else body, skipped=start == 0 and body.startswith(_BOM))
        text, refusal = (found, None) if isinstance(found, str) else ("", found)
        yield Line(count, start, start + end, text, refusal)
        start += end


def _split(chunks: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield each line with its end, LF, CR or CRLF, and its length; of a very long one only the beginning."""
    rest, dropped = b"", 0
    for chunk in chunks:
        lines = (rest + chunk).splitlines(keepends=True)
        # What has no end yet, or one that may be half of CRLF, waits for the next chunk.
        rest = lines.pop() if lines and not lines[-1].endswith(b"\n") else b""
        for line in lines:
            yield len(line) + dropped, line
            dropped = 0
        if len(rest) > LINE_BYTES + 1:
            dropped += len(rest) - LINE_BYTES - 1
            rest = rest[:LINE_BYTES] + rest[-1:]
    if rest:
        yield len(rest) + dropped, rest


def _judge(raw: bytes, *, skipped: bool) -> str | Refusal:
    """Return the text of the line, or why it has none; `skipped` says that a byte order mark came before it."""
    if len(raw) >= LINE_BYTES:
        return Refusal(Problem.TOO_LONG, excerpt=_excerpt(raw))
    try:
        text = one_line(raw.decode())
    except UnicodeDecodeError as error:
        place = error.start + 1 + (len(_BOM) if skipped else 0)
        return Refusal(Problem.ENCODING, f"0x{raw[error.start]:02X}", place, _excerpt(raw))
    if not text:
        return Refusal(Problem.EMPTY)
    if not text.isprintable() and (refusal := _unprintable(raw, text)):
        return refusal
    if len(text) > TEXT_LENGTH:
        return Refusal(Problem.TOO_LONG, str(len(text)), excerpt=_excerpt(raw))
    return text


def _unprintable(raw: bytes, text: str) -> Refusal | None:
    """Find which rule for texts it breaks; most lines are printable and never get here."""
    try:
        validate_characters(text)
    except ValidationError as error:
        code = error.params["code"] if error.params else ""
        return Refusal(Problem.CONTROL, code, raw.decode().index(chr(int(code[2:], 16))) + 1, _excerpt(raw))
    try:
        validate_visible(text)
    except ValidationError:
        return Refusal(Problem.INVISIBLE)
    return None


def _excerpt(raw: bytes) -> str:
    """Return how the line begins, with a replacement for all that cannot be stored or shown."""
    text = one_line(raw[: EXCERPT_LENGTH * 4].decode(errors="replace"))
    shown = (c if unicodedata.category(c)[0] != "C" else "\N{REPLACEMENT CHARACTER}" for c in text)
    return "".join(shown)[:EXCERPT_LENGTH]
