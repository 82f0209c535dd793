"""What a file is by its first bytes, whatever it says it is."""

_STARTS = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", "application/pdf"),
)
_AVIF_BRANDS = {b"avif", b"avis"}


def sniff(data: bytes) -> str | None:
    """Return one of the allowed types, or None; a PDF that does not start at its first byte is none."""
    for start, type in _STARTS:
        if data.startswith(start):
            return type
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    if data[4:8] == b"ftyp" and _brands(data) & _AVIF_BRANDS:
        return "image/avif"
    return None


def _brands(data: bytes) -> set[bytes]:
    end = min(int.from_bytes(data[:4]), 256, len(data))
    return {data[8:12]} | {data[place : place + 4] for place in range(16, end, 4)}
