"""The one thing that is kept of Exif data: which side is up (tag 0x0112 of the first directory of a TIFF header)."""

_TAG = 0x0112
_SHORT = 3
_MOST_ENTRIES = 1_000
_PREFIX = b"Exif\x00\x00"


def read(exif: bytes) -> int:
    """Return 1 to 8; 1 where it is not told, or not in a way that can be read."""
    tiff = exif.removeprefix(_PREFIX)
    if tiff[:4] not in {b"II*\x00", b"MM\x00*"}:
        return 1
    order = "little" if tiff[:1] == b"I" else "big"

    def number(start: int, length: int) -> int:
        return int.from_bytes(tiff[start : start + length], order)  # type: ignore[arg-type]

    first = number(4, 4)
    for place in range(first + 2, first + 2 + 12 * min(number(first, 2), _MOST_ENTRIES), 12):
        if number(place, 2) == _TAG and number(place + 2, 2) == _SHORT:
            value = number(place + 8, 2)
            return value if 1 <= value <= 8 else 1
    return 1


def write(orientation: int) -> bytes:
    """Return a TIFF header whose directory has this one entry, or none for 1."""
    start = b"MM\x00*\x00\x00\x00\x08"
    if orientation == 1:
        return start + bytes(6)
    entry = b"\x01\x12\x00\x03\x00\x00\x00\x01" + orientation.to_bytes(2) + bytes(2)
    return start + b"\x00\x01" + entry + bytes(4)
