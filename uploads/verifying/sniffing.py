"""The type of a file by its first bytes, whatever it claims to be."""

from uploads.kinds import Type

_STARTS = (
    (b"\x89PNG\r\n\x1a\n", Type.PNG),
    (b"\xff\xd8\xff", Type.JPEG),
    (b"GIF87a", Type.GIF),
    (b"GIF89a", Type.GIF),
    (b"%PDF-", Type.PDF),
)
_AVIF_BRANDS = {b"avif", b"avis"}


def sniff(data: bytes) -> Type | None:
    """Return the type, or None where it is not allowed; a PDF that does not start at its first byte is none."""
    for start, type in _STARTS:
        if data.startswith(start):
            return type
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return Type.WEBP
    if data[4:8] == b"ftyp" and _brands(data) & _AVIF_BRANDS:
        return Type.AVIF
    return None


def _brands(data: bytes) -> set[bytes]:
    end = min(int.from_bytes(data[:4]), 256, len(data))
    return {data[8:12]} | {data[place : place + 4] for place in range(16, end, 4)}
