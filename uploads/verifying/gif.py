"""GIF (89a): its blocks up to the trailer. Frames are counted here, and decoded in `decoding`."""

from collections.abc import Iterator
from typing import NamedTuple

from uploads.kinds import Type
from uploads.reasons import Reason
from uploads.verifying.limits import Shape, bound, bound_parts
from uploads.verifying.rejecting import Rejected

_PICTURE, _EXTENSION, _TRAILER = 0x2C, 0x21, 0x3B
_CONTROL, _APPLICATION = 0xF9, 0xFF
_KEPT_APPLICATIONS = {b"NETSCAPE2.0", b"ANIMEXTS1.0", b"ICCRGBG1012"}
_HEADER = 13


class _Block(NamedTuple):
    kind: int
    start: int
    end: int


def check(data: bytes) -> Shape:
    width, height = _pair(data, 6)
    blocks = list(_blocks(data))
    pictures = [block for block in blocks if block.kind == _PICTURE]
    if blocks[-1].end != len(data):
        raise Rejected(Reason.TRAILING_DATA, f"{len(data) - blocks[-1].end} bytes after the trailer")
    if not pictures:
        raise Rejected(Reason.UNREADABLE, "no picture")
    for block in pictures:  # decoders enlarge the canvas for a frame that stands out of it
        (x, y), (wide, high) = _pair(data, block.start + 1), _pair(data, block.start + 5)
        width, height = max(width, x + wide), max(height, y + high)
    bound(width, height, type=Type.GIF, frames=len(pictures))
    return Shape(width, height, frames=len(pictures))


def strip(data: bytes) -> bytes:
    blocks = list(_blocks(data))
    first = blocks[0].start
    return data[:first] + b"".join(data[block.start : block.end] for block in blocks if _is_kept(data, block))


def _is_kept(data: bytes, block: _Block) -> bool:
    if block.kind != _EXTENSION:
        return True
    label = data[block.start + 1]
    if label == _APPLICATION:
        return data[block.start + 3 : block.start + 14] in _KEPT_APPLICATIONS
    return label == _CONTROL


def _blocks(data: bytes) -> Iterator[_Block]:
    """Yield all blocks up to the trailer."""
    if len(data) < _HEADER:
        raise Rejected(Reason.TRUNCATED)
    most = 10_000 + len(data) // 128  # blocks of picture data have 255 bytes but for the last
    start, count = _HEADER + _colours(data[10]), 0
    while True:
        kind = _byte(data, start)
        if kind == _PICTURE:
            inside = start + 10 + _colours(_byte(data, start + 9)) + 1
        elif kind == _EXTENSION:
            inside = start + 2
        elif kind == _TRAILER:
            yield _Block(kind, start, start + 1)
            return
        else:
            raise Rejected(Reason.UNREADABLE, f"unknown block {kind:#x} at {start}")
        while length := _byte(data, inside):
            inside += 1 + length
            bound_parts(count := count + 1, most=most)
        yield _Block(kind, start, inside + 1)
        start = inside + 1


def _colours(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _byte(data: bytes, place: int) -> int:
    if place >= len(data):
        raise Rejected(Reason.TRUNCATED, "no trailer")
    return data[place]


def _pair(data: bytes, place: int) -> tuple[int, int]:
    return int.from_bytes(data[place : place + 2], "little"), int.from_bytes(data[place + 2 : place + 4], "little")
