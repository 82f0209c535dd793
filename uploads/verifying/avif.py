"""AVIF: the boxes of ISO 14496-12 around it, as far as they tell size and metadata. Animated ones are not accepted.

Offsets into the file are in many places, so nothing is moved: metadata is overwritten in place.
"""

from collections.abc import Iterator
from typing import NamedTuple

from uploads.kinds import Type
from uploads.reasons import Reason
from uploads.verifying import orientation
from uploads.verifying.limits import Shape, bound, bound_parts
from uploads.verifying.rejecting import Rejected

_TOP = {b"ftyp", b"meta", b"mdat", b"free", b"skip", b"uuid", b"idat"}
_MOVING = {b"moov", b"moof", b"styp", b"sidx", b"mfra"}
_CONTAINERS = {b"iprp", b"ipco"}
_UNUSED = {b"free", b"skip", b"uuid", b"udta"}
_MOST_DEPTH = 10
_NO_EXIF = bytes(4) + orientation.write(1)  # the turn is told by the boxes irot and imir, which are left alone
_NO_XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"/>'


class Box(NamedTuple):
    kind: bytes
    start: int
    body: int
    end: int


def check(data: bytes) -> Shape:
    top = list(_boxes(data, 0, len(data)))
    if any(box.kind in _MOVING for box in top):
        raise Rejected(Reason.UNREADABLE, "a moving picture")
    if strange := [box for box in top if box.kind not in _TOP]:
        raise Rejected(Reason.TRAILING_DATA, f"unknown box {strange[0].kind!r} at {strange[0].start}")
    if not any(box.kind == b"meta" for box in top):
        raise Rejected(Reason.TRUNCATED, "no meta box")
    sizes = [
        (_number(data, box.body + 4, 4), _number(data, box.body + 8, 4))
        for box in _all(data, 0, len(data))
        if box.kind == b"ispe"
    ]
    if not sizes:
        raise Rejected(Reason.UNREADABLE, "no size")
    for width, height in sizes:
        bound(width, height, type=Type.AVIF)
    return Shape(*max(sizes, key=lambda size: size[0] * size[1]))


def strip(data: bytes) -> bytes:
    out = bytearray(data)
    for box in _all(data, 0, len(data)):
        if box.kind == b"meta":
            _blank_items(out, data, box)
        elif box.kind in _UNUSED:
            out[box.start + 4 : box.start + 8] = b"free"
            out[box.body : box.end] = bytes(box.end - box.body)
    return bytes(out)


def _all(data: bytes, start: int, end: int) -> Iterator[Box]:
    """Yield the boxes of the part, and those in them; a container comes before what it holds."""
    waiting, count = [_boxes(data, start, end)], 0
    while waiting:
        box = next(waiting[-1], None)
        if box is None:
            waiting.pop()
            continue
        bound_parts(count := count + 1)
        yield box
        if box.kind in _CONTAINERS or box.kind == b"meta":
            bound_parts(len(waiting), most=_MOST_DEPTH)
            waiting.append(_boxes(data, box.body + (4 if box.kind == b"meta" else 0), box.end))


def _boxes(data: bytes, start: int, end: int) -> Iterator[Box]:
    """Yield the boxes that fill the part of the file."""
    outer = Reason.TRUNCATED if end == len(data) else Reason.UNREADABLE
    while start < end:
        size, body = _number(data, start, 4), start + 8
        if size == 1:
            size, body = _number(data, start + 8, 8), start + 16
        elif size == 0:
            size = end - start
        if start + size > end or body > end:
            raise Rejected(outer, f"a box at {start} ends at {start + size} of {end}")
        if start + size < body:
            raise Rejected(Reason.UNREADABLE, f"a box without a size at {start}")
        yield Box(data[start + 4 : start + 8], start, body, start + size)
        start += size


def _blank_items(out: bytearray, data: bytes, meta: Box) -> None:
    inner = {box.kind: box for box in _boxes(data, meta.body + 4, meta.end)}
    if b"iinf" not in inner or b"iloc" not in inner:
        return
    blanks, left = dict(_metadata_items(data, inner[b"iinf"])), len(out)
    for item, parts in _locations(data, inner[b"iloc"], inner.get(b"idat")):
        blank, filler = blanks.get(item, b""), b" " if blanks.get(item) == _NO_XMP else b"\x00"
        for start, end in parts if item in blanks else ():
            length = max(min(end, len(out)) - start, 0)
            left -= length
            if left < 0:
                raise Rejected(Reason.UNREADABLE, "its metadata is longer than the file")
            out[start : start + length] = blank[:length].ljust(length, filler)
            blank = blank[length:]


def _metadata_items(data: bytes, iinf: Box) -> Iterator[tuple[int, bytes]]:
    """Yield the ids of the items that are metadata, each with what stands for none."""
    boxes = _boxes(data, iinf.body + (8 if _number(data, iinf.body, 1) else 6), iinf.end)
    for count, box in enumerate(boxes):
        bound_parts(count)
        wide = 4 if _number(data, box.body, 1) >= 3 else 2
        item = _number(data, box.body + 4, wide)
        kind = data[box.body + 6 + wide : box.body + 10 + wide]
        if kind == b"Exif":
            yield item, _NO_EXIF
        elif kind in {b"mime", b"uri "}:
            yield item, _NO_XMP


class _Reader:
    def __init__(self, data: bytes, box: Box) -> None:
        self._data, self._place, self._end = data, box.body, box.end

    def number(self, length: int) -> int:
        if self._place + length > self._end:
            raise Rejected(Reason.UNREADABLE, "a box ends too early")
        self._place += length
        return _number(self._data, self._place - length, length)


def _locations(data: bytes, iloc: Box, idat: Box | None) -> Iterator[tuple[int, list[tuple[int, int]]]]:
    """Yield each item with the parts of the file that it consists of."""
    reader = _Reader(data, iloc)
    version = reader.number(4) >> 24
    sizes = reader.number(2)
    of_offset, of_length, of_base, of_index = sizes >> 12, sizes >> 8 & 15, sizes >> 4 & 15, sizes & 15
    count = 0
    for _item in range(reader.number(4 if version >= 2 else 2)):
        item = reader.number(4 if version >= 2 else 2)
        in_idat = version >= 1 and reader.number(2) & 15 == 1
        reader.number(2)
        base = reader.number(of_base) + (idat.body if in_idat and idat else 0)
        parts = []
        for _part in range(reader.number(2)):
            bound_parts(count := count + 1)
            reader.number(of_index if version >= 1 else 0)
            start = base + reader.number(of_offset)
            parts.append((start, start + reader.number(of_length)))
        yield item, parts


def _number(data: bytes, start: int, length: int) -> int:
    return int.from_bytes(data[start : start + length])
