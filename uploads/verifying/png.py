"""PNG and APNG (W3C PNG, third edition): read to the last byte without ever holding a decoded picture.

Every checksum is compared, and every compressed stream is inflated piece by piece and has to give exactly the rows that
its header promises: this tells a truncated picture, and a bomb, at the cost of one megabyte.
"""

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from uploads.kinds import Type
from uploads.reasons import Reason
from uploads.verifying import orientation
from uploads.verifying.limits import Shape, bound, bound_held, bound_parts
from uploads.verifying.rejecting import Rejected

MOST_INFLATED = 640_000_000
"""Bytes of the rows of all frames; the largest still picture has 320 million."""
MOST_TEXT = 2 * 1024 * 1024
MOST_INFLATED_TEXT = 4 * 1024 * 1024
"""Of all texts and the colour profile together; Photoshop's XMP has several hundred kilobytes."""
_MOST_CHUNKS = 30_000
_PIECE = 64 * 1024
_INFLATED_PIECE = 1024 * 1024

_START = 8
_DEPTHS = {0: {1, 2, 4, 8, 16}, 2: {8, 16}, 3: {1, 2, 4, 8}, 4: {8, 16}, 6: {8, 16}}
_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
_CRITICAL = {b"IHDR", b"PLTE", b"IDAT", b"IEND"}
_COLOUR = {b"tRNS", b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"cICP", b"mDCV", b"cLLI", b"bKGD", b"pHYs"}
_ANIMATION = {b"acTL", b"fcTL", b"fdAT"}
_TEXTS = {b"tEXt", b"zTXt", b"iTXt", b"iCCP", b"eXIf"}


class Chunk(NamedTuple):
    kind: bytes
    start: int
    end: int
    """Of the whole chunk; its body lies 8 bytes after the start and 4 before the end."""

    def body(self, data: bytes) -> memoryview:
        return memoryview(data)[self.start + 8 : self.end - 4]


@dataclass
class _Stream:
    """The compressed rows of one frame."""

    width: int
    height: int
    parts: list[memoryview] = field(default_factory=list)


@dataclass(frozen=True)
class _Header:
    width: int
    height: int
    bits: int
    colour: int
    interlaced: bool

    @property
    def decoded(self) -> int:
        """Bytes of a pixel; colours of a palette become such of their own."""
        return 4 if self.colour == 3 else max(self.bits // 8, 1)

    def passes(self, width: int, height: int) -> list[tuple[int, int]]:
        """Return bytes per row, with its filter, and rows of each pass."""
        sizes = [(width, height)]
        if self.interlaced:
            sizes = [(-((x - width) // dx), -((y - height) // dy)) for x, y, dx, dy in _ADAM7]
        return [(1 + (wide * self.bits + 7) // 8, high) for wide, high in sizes if wide > 0 and high > 0]

    def inflated(self, stream: _Stream) -> int:
        """Bytes of its rows."""
        return sum(row * rows for row, rows in self.passes(stream.width, stream.height))


def check(data: bytes) -> Shape:
    header = _header(data)
    bound(header.width, header.height, type=Type.PNG)
    if header.interlaced:
        bound_held(header.width * header.height * header.decoded)
    chunks = list(_chunks(data))
    if chunks[-1].end != len(data):
        raise Rejected(Reason.TRAILING_DATA, f"{len(data) - chunks[-1].end} bytes after IEND")
    if header.colour == 3 and not any(chunk.kind == b"PLTE" for chunk in chunks):
        raise Rejected(Reason.UNREADABLE, "no palette")
    _bound_texts(data, chunks)
    frames = sum(chunk.kind == b"fcTL" for chunk in chunks) if _is_animated(chunks) else 1
    bound(header.width, header.height, type=Type.PNG, frames=frames)
    streams = _streams(data, chunks, header)
    if (inflated := sum(header.inflated(stream) for stream in streams)) > MOST_INFLATED:
        raise Rejected(Reason.TOO_MUCH_ANIMATION, f"{inflated} bytes of rows")
    for stream in streams:
        _inflate(stream, header)
    return Shape(header.width, header.height, frames=frames, orientation=_orientation(data, chunks))


def strip(data: bytes) -> bytes:
    chunks = list(_chunks(data))
    kept = _CRITICAL | _COLOUR | (_ANIMATION if _is_animated(chunks) else set())
    turned = _orientation(data, chunks)
    view = memoryview(data)  # slices of it are no copies
    out: list[bytes | memoryview] = [view[:_START]]
    for chunk in chunks:
        if chunk.kind in kept:
            out.append(view[chunk.start : chunk.end])
        elif chunk.kind == b"eXIf" and turned != 1:
            out.append(_chunk(b"eXIf", orientation.write(turned)))
            turned = 1
    return b"".join(out)


def _header(data: bytes) -> _Header:
    if data[_START : _START + 8] != b"\x00\x00\x00\x0dIHDR":
        raise Rejected(Reason.UNREADABLE, "no IHDR")
    body = data[_START + 8 : _START + 21]
    if len(body) < 13:
        raise Rejected(Reason.TRUNCATED)
    depth, colour, compression, filters, interlace = body[8:]
    if depth not in _DEPTHS.get(colour, ()) or compression or filters or interlace > 1:
        raise Rejected(Reason.UNREADABLE, f"IHDR {body.hex()}")
    width, height = int.from_bytes(body[:4]), int.from_bytes(body[4:8])
    return _Header(width, height, depth * _SAMPLES[colour], colour, bool(interlace))


def _chunks(data: bytes) -> Iterator[Chunk]:
    """Yield all chunks up to IEND, whose checksums are right."""
    view, start, count = memoryview(data), _START, 0
    while True:
        bound_parts(count := count + 1, most=_MOST_CHUNKS)
        end = start + 12 + int.from_bytes(view[start : start + 4])
        if end > len(data) or start + 12 > len(data):
            raise Rejected(Reason.TRUNCATED, f"a chunk at {start} ends at {end} of {len(data)}")
        kind = bytes(view[start + 4 : start + 8])
        if zlib.crc32(view[start + 4 : end - 4]) != int.from_bytes(view[end - 4 : end]):
            raise Rejected(Reason.UNREADABLE, f"wrong checksum of the chunk at {start}")
        if kind[:1].isupper() and kind not in _CRITICAL:
            raise Rejected(Reason.UNREADABLE, f"unknown chunk {kind!r}")
        yield Chunk(kind, start, end)
        if kind == b"IEND":
            return
        start = end


def _is_animated(chunks: list[Chunk]) -> bool:
    return any(chunk.kind == b"acTL" for chunk in chunks)


def _orientation(data: bytes, chunks: list[Chunk]) -> int:
    found = next((bytes(chunk.body(data)) for chunk in chunks if chunk.kind == b"eXIf"), b"")
    return orientation.read(found)


def _streams(data: bytes, chunks: list[Chunk], header: _Header) -> list[_Stream]:
    still, frames = _Stream(header.width, header.height), list[_Stream]()
    for chunk in chunks:
        if chunk.kind == b"IDAT":
            still.parts.append(chunk.body(data))
            if frames:  # the picture is the first frame of the animation
                frames = [_Stream(header.width, header.height)]
        elif chunk.kind == b"fcTL":
            frames.append(_frame(chunk.body(data), header))
        elif chunk.kind == b"fdAT" and frames:
            frames[-1].parts.append(chunk.body(data)[4:])
    if frames and not frames[0].parts:
        del frames[0]
    if not _is_animated(chunks):
        return [still]
    return [still, *frames]


def _frame(body: memoryview, header: _Header) -> _Stream:
    width, height, x, y = (int.from_bytes(body[place : place + 4]) for place in (4, 8, 12, 16))
    if width < 1 or height < 1 or x + width > header.width or y + height > header.height:
        raise Rejected(Reason.UNREADABLE, f"a frame of {width} x {height} at {x}, {y}")
    return _Stream(width, height)


def _inflate(stream: _Stream, header: _Header) -> None:
    expected, found = header.inflated(stream), 0
    rows = _Rows(header.passes(stream.width, stream.height))
    inflater = zlib.decompressobj()
    try:
        for piece in _inflated(inflater, stream.parts):
            found += len(piece)
            if found > expected:
                raise Rejected(Reason.UNREADABLE, f"more than {expected} bytes of rows")
            rows.check(piece)
    except zlib.error as error:
        raise Rejected(Reason.UNREADABLE, str(error)) from error
    if found < expected or not inflater.eof:
        raise Rejected(Reason.TRUNCATED, f"{found} of {expected} bytes of rows")


def _inflated(inflater: "zlib._Decompress", parts: Iterable[memoryview]) -> Iterator[bytes]:
    for part in parts:
        for start in range(0, len(part), _PIECE):
            if inflater.eof:
                raise Rejected(Reason.TRAILING_DATA, "bytes after the end of the compressed rows")
            waiting: bytes | memoryview = part[start : start + _PIECE]
            while waiting and not inflater.eof:
                yield inflater.decompress(waiting, _INFLATED_PIECE)
                waiting = inflater.unconsumed_tail
            if inflater.unused_data:
                raise Rejected(Reason.TRAILING_DATA, "bytes after the end of the compressed rows")
    while not inflater.eof and (rest := inflater.decompress(b"", _INFLATED_PIECE)):
        yield rest


class _Rows:
    """Sees the rows go by, in pieces, and looks at the first byte of each: the number of a filter, 0 to 4."""

    def __init__(self, passes: list[tuple[int, int]]) -> None:
        self._passes = iter(passes)
        self._row, self._left, self._skip = 1, 0, 0

    def check(self, piece: bytes) -> None:
        start = 0
        while start < len(piece):
            if not self._left:
                self._row, rows = next(self._passes)
                self._left, self._skip = self._row * rows, 0
            part = piece[start : start + self._left] if start or len(piece) > self._left else piece
            if max(part[self._skip :: self._row], default=0) > 4:
                raise Rejected(Reason.UNREADABLE, "unknown filter")
            self._skip = (self._skip - len(part)) % self._row
            self._left -= len(part)
            start += len(part)


def _bound_texts(data: bytes, chunks: list[Chunk]) -> None:
    texts = [chunk for chunk in chunks if chunk.kind in _TEXTS]
    stored = sum(chunk.end - chunk.start for chunk in texts)
    if stored > MOST_TEXT:
        raise Rejected(Reason.TOO_MUCH_TEXT, f"{stored} bytes of text")
    left = MOST_INFLATED_TEXT
    for chunk in texts:
        left -= _inflated_length(_compressed(chunk.kind, bytes(chunk.body(data))), most=left)
        if left < 0:
            raise Rejected(Reason.TOO_MUCH_TEXT, f"more than {MOST_INFLATED_TEXT} bytes of inflated text")


def _compressed(kind: bytes, body: bytes) -> bytes:
    rest = body.partition(b"\x00")[2]
    if kind in {b"zTXt", b"iCCP"}:
        return rest[1:]
    if kind == b"iTXt" and rest[:1] == b"\x01":
        return rest[2:].partition(b"\x00")[2].partition(b"\x00")[2]
    return b""


def _inflated_length(compressed: bytes, *, most: int) -> int:
    """Count to `most` + 1; what cannot be inflated is nobody's danger."""
    try:
        return len(zlib.decompressobj().decompress(compressed, most + 1)) if compressed else 0
    except zlib.error:
        return 0


def _chunk(kind: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(4) + kind + body + zlib.crc32(kind + body).to_bytes(4)
