"""WebP (RFC 9649): the chunks of its RIFF container."""

from collections.abc import Iterator
from typing import NamedTuple

from uploads.kinds import Type
from uploads.reasons import Reason
from uploads.verifying import orientation
from uploads.verifying.limits import Shape, bound, bound_parts
from uploads.verifying.rejecting import Rejected

_START = 12
_KEPT = {b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF", b"ICCP"}
_KEPT_IN_FRAME = {b"VP8 ", b"VP8L", b"ALPH"}
_FRAME_HEADER = 16
_HAS_EXIF, _HAS_XMP = 0x08, 0x04


class _Chunk(NamedTuple):
    kind: bytes
    body: bytes | memoryview


def check(data: bytes) -> Shape:
    end = 8 + _number(data, 4, 4)
    if end > len(data) or len(data) < _START:
        raise Rejected(Reason.TRUNCATED, f"{len(data)} of {end} bytes")
    if end < len(data):
        raise Rejected(Reason.TRAILING_DATA, f"{len(data) - end} bytes after the end")
    chunks = list(_chunks(data, _START))
    if not chunks or chunks[0].kind not in {b"VP8X", b"VP8 ", b"VP8L"}:
        raise Rejected(Reason.UNREADABLE, "no picture")
    frames = [chunk.body for chunk in chunks if chunk.kind == b"ANMF"]
    # The canvas and each picture tell a size; decoders refuse where they differ, so every one is bounded.
    for width, height in [_size(chunk) for chunk in chunks if chunk.kind in _SIZES]:
        bound(width, height, type=Type.WEBP, frames=len(frames) or 1)
    for body in frames:
        for inner in _chunks(body, _FRAME_HEADER):
            if inner.kind in _SIZES:
                bound(*_size(inner), type=Type.WEBP, frames=len(frames))
    width, height = _size(chunks[0])
    return Shape(width, height, frames=len(frames) or 1, orientation=_orientation(chunks))


def strip(data: bytes) -> bytes:
    chunks = list(_chunks(data, _START))
    turned = _orientation(chunks)
    kept = [_without_metadata(chunk, turned) for chunk in chunks if chunk.kind in _KEPT]
    if turned != 1 and chunks[0].kind == b"VP8X":
        kept.append(_Chunk(b"EXIF", orientation.write(turned)))
    out = [part for chunk in kept for part in _written(chunk)]
    return b"".join([b"RIFF", (4 + sum(map(len, out))).to_bytes(4, "little"), b"WEBP", *out])


def _without_metadata(chunk: _Chunk, turned: int) -> _Chunk:
    if chunk.kind == b"VP8X" and chunk.body:
        flags = chunk.body[0] & ~(_HAS_EXIF | _HAS_XMP) | (_HAS_EXIF if turned != 1 else 0)
        return _Chunk(chunk.kind, bytes([flags]) + bytes(chunk.body[1:10]))
    if chunk.kind == b"ANMF":
        inner = (each for each in _chunks(chunk.body, _FRAME_HEADER) if each.kind in _KEPT_IN_FRAME)
        parts = [chunk.body[:_FRAME_HEADER], *(part for each in inner for part in _written(each))]
        return _Chunk(chunk.kind, b"".join(parts))
    return chunk


def _orientation(chunks: list[_Chunk]) -> int:
    return orientation.read(bytes(next((chunk.body for chunk in chunks if chunk.kind == b"EXIF"), b"")))


def _chunks(data: bytes | memoryview, start: int) -> Iterator[_Chunk]:
    view, count = memoryview(data), 0  # slices of it are no copies
    while start < len(data):
        bound_parts(count := count + 1)
        end = start + 8 + _number(data, start + 4, 4)
        if end > len(data) or start + 8 > len(data):
            raise Rejected(Reason.TRUNCATED, f"a chunk at {start} ends at {end} of {len(data)}")
        yield _Chunk(bytes(view[start : start + 4]), view[start + 8 : end])
        start = end + end % 2  # even within a frame: its body starts at an even place


def _written(chunk: _Chunk) -> tuple[bytes | memoryview, ...]:
    return chunk.kind, len(chunk.body).to_bytes(4, "little"), chunk.body, b"\x00" * (len(chunk.body) % 2)


def _size(chunk: _Chunk) -> tuple[int, int]:
    return _SIZES[chunk.kind](chunk.body)


def _size_of_canvas(body: bytes | memoryview) -> tuple[int, int]:
    return 1 + _number(body, 4, 3), 1 + _number(body, 7, 3)


def _size_of_lossy(body: bytes | memoryview) -> tuple[int, int]:
    return _number(body, 6, 2) & 0x3FFF, _number(body, 8, 2) & 0x3FFF


def _size_of_lossless(body: bytes | memoryview) -> tuple[int, int]:
    bits = _number(body, 1, 4)
    return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)


def _number(data: bytes | memoryview, start: int, length: int) -> int:
    return int.from_bytes(data[start : start + length], "little")


_SIZES = {b"VP8X": _size_of_canvas, b"VP8 ": _size_of_lossy, b"VP8L": _size_of_lossless}
