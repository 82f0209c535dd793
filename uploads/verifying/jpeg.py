"""JPEG (ITU T.81): its segments, up to the end of the first picture in the file.

Telephones put more behind that end: further pictures (MPF: gain maps, depth), a trailer (Samsung), a film (motion
photos). What is known to be one of these is let through, and cut off by `strip`; anything else is refused.
"""

import re
from dataclasses import dataclass

from uploads.kinds import Type
from uploads.reasons import Reason
from uploads.verifying import orientation
from uploads.verifying.limits import Shape, bound, bound_held, bound_parts
from uploads.verifying.rejecting import Rejected

_MOST_SCANS = 100
_NEXT_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]", re.DOTALL)
_FILL = re.compile(rb"\xff+")
_SOI, _EOI, _SOS, _TEM = 0xD8, 0xD9, 0xDA, 0x01
_APP0, _APP1, _APP2, _APP14 = 0xE0, 0xE1, 0xE2, 0xEE
_PROGRESSIVE = 0xC2
_SIZES = {0xC0, 0xC1, _PROGRESSIVE}
_UNREADABLE_SIZES = {0xC3, *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0)}
_KEPT = _SIZES | {0xC4, 0xDA, 0xDB, 0xDC, 0xDD}
_EXIF, _JFIF, _ICC, _ADOBE, _MPF = b"Exif\x00\x00", b"JFIF\x00", b"ICC_PROFILE\x00", b"Adobe", b"MPF\x00"

_NOTHING = memoryview(b"")


@dataclass(frozen=True)
class _Segment:
    marker: int
    body: bytes
    data: memoryview = _NOTHING
    """What follows the header of a scan: nearly all of the file, so it is never copied on its way."""

    def parts(self) -> tuple[bytes, memoryview]:
        return bytes([0xFF, self.marker]) + (len(self.body) + 2).to_bytes(2) + self.body, self.data


@dataclass(frozen=True)
class _File:
    segments: list[_Segment]
    end: int

    def orientation(self) -> int:
        exif = (part.body for part in self.segments if part.marker == _APP1 and part.body.startswith(_EXIF))
        return orientation.read(next(exif, b""))


def check(data: bytes) -> Shape:
    file = _read(data)
    sizes = [part for part in file.segments if part.marker in _SIZES]
    scans = sum(part.marker == _SOS for part in file.segments)
    if len(sizes) != 1 or len(sizes[0].body) < 6 or not scans:
        raise Rejected(Reason.UNREADABLE, f"{len(sizes)} frames, {scans} scans")
    if scans > _MOST_SCANS:
        raise Rejected(Reason.TOO_COMPLEX, f"{scans} scans")
    header = sizes[0].body
    height, width = int.from_bytes(header[1:3]), int.from_bytes(header[3:5])
    bound(width, height, type=Type.JPEG)
    if scans > 1 or sizes[0].marker == _PROGRESSIVE:
        _bound_coefficients(header, pixels=width * height)
    if file.end < len(data) and not _is_of_a_telephone(file, data):
        raise Rejected(Reason.TRAILING_DATA, f"{len(data) - file.end} bytes after the end")
    return Shape(width, height, orientation=file.orientation())


def strip(data: bytes) -> bytes:
    file = _read(data)
    turned = file.orientation()
    out: list[bytes | memoryview] = [b"\xff\xd8"]
    for part in file.segments:
        if kept := _without_metadata(part):
            out += kept.parts()
        elif turned != 1 and part.marker == _APP1 and part.body.startswith(_EXIF):
            out += _Segment(_APP1, _EXIF + orientation.write(turned)).parts()
            turned = 1
    out.append(b"\xff\xd9")
    return b"".join(out)


def _bound_coefficients(header: bytes, *, pixels: int) -> None:
    samplings = [(factors >> 4, factors & 15) for factors in header[7::3]]
    across, down = (max(factors) for factors in zip(*samplings, strict=True)) if samplings else (0, 0)
    if not across or not down:
        raise Rejected(Reason.UNREADABLE, "no components")
    bound_held(2 * pixels * sum(x * y for x, y in samplings) // (across * down))


def _without_metadata(part: _Segment) -> _Segment | None:
    if part.marker in _KEPT or (part.marker == _APP2 and part.body.startswith(_ICC)):
        return part
    if part.marker == _APP0 and part.body.startswith(_JFIF) and len(part.body) >= 14:
        return _Segment(_APP0, part.body[:12] + b"\x00\x00")  # without its small picture
    if part.marker == _APP14 and part.body.startswith(_ADOBE):
        return _Segment(_APP14, part.body[:12])  # says how its colours are meant
    return None


def _read(data: bytes) -> _File:
    segments: list[_Segment] = []
    place = 2
    while True:
        bound_parts(len(segments))
        place, marker = _marker(data, place)
        if marker == _EOI:
            return _File(segments, place)
        if marker == _TEM or 0xD0 <= marker < _SOI:
            continue
        if marker == _SOI or marker in _UNREADABLE_SIZES or not marker:
            raise Rejected(Reason.UNREADABLE, f"marker {marker:x} at {place}")
        end = place + int.from_bytes(data[place : place + 2])
        if place + 2 > len(data) or end > len(data):
            raise Rejected(Reason.TRUNCATED, f"a segment at {place} ends at {end} of {len(data)}")
        if end < place + 2:
            raise Rejected(Reason.UNREADABLE, f"a segment without a length at {place}")
        scan_end = _scan_end(data, end) if marker == _SOS else end
        segments.append(_Segment(marker, data[place + 2 : end], memoryview(data)[end:scan_end]))
        place = scan_end


def _marker(data: bytes, place: int) -> tuple[int, int]:
    """Return the place after the marker, and the marker; any number of 0xFF may stand before it."""
    fill = _FILL.match(data, place)
    if fill is None and place < len(data):
        raise Rejected(Reason.UNREADABLE, f"no marker at {place}")
    place = fill.end() if fill else place
    if place >= len(data):
        raise Rejected(Reason.TRUNCATED, "no end of the picture")
    return place + 1, data[place]


def _scan_end(data: bytes, start: int) -> int:
    found = _NEXT_MARKER.search(data, start)
    if found is None:
        raise Rejected(Reason.TRUNCATED, "a scan without an end")
    return found.start()


def _is_of_a_telephone(file: _File, data: bytes) -> bool:
    tail = data[file.end :]
    if not tail.strip(b"\x00") or tail.endswith(b"SEFT"):
        return True
    metadata = [part.body for part in file.segments if part.marker in {_APP1, _APP2}]
    if any(body.startswith(_MPF) for body in metadata):
        return tail.lstrip(b"\x00").startswith(b"\xff\xd8\xff")
    film = tail[4:8] == b"ftyp"
    return film and any(word in body for body in metadata for word in (b"MotionPhoto", b"MicroVideo"))
