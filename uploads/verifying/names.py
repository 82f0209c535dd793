"""Names of files: what a browser may send, made safe to store, to show in a page and to save under."""

import unicodedata
from pathlib import PurePosixPath

from django.utils.http import content_disposition_header

from uploads.kinds import Type

MOST_BYTES = 255
_MOST_SUFFIX_BYTES = 20
_UNNAMED = "file"
_JOINERS = "\u200c\u200d"  # Persian words and families in emoji need them, and they turn nothing around
_UNSAFE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_SUFFIXES: dict[str, tuple[str, ...]] = {
    Type.PNG: (".png", ".apng"),
    Type.JPEG: (".jpg", ".jpeg", ".jpe", ".jfif"),
    Type.GIF: (".gif",),
    Type.WEBP: (".webp",),
    Type.AVIF: (".avif", ".avifs"),
    Type.PDF: (".pdf",),
}
_SHOWN_INLINE = {Type.PNG, Type.JPEG, Type.GIF, Type.WEBP}


def clean_name(name: str, *, type: str = "") -> str:
    """Return a base name of at most 255 bytes, without control and bidi characters or leading dots; never empty.

    Where the type is given, the name ends as its files do: `photo.exe` that is a PNG becomes `photo.exe.png`.
    """
    base = name.replace("\\", "/").rstrip("/ ").rpartition("/")[2]
    base = "".join(char for char in base if char in _JOINERS or unicodedata.category(char) not in _UNSAFE)
    base = " ".join(unicodedata.normalize("NFC", base).split()).lstrip(f". {_JOINERS}").rstrip(". ")
    suffixes = _SUFFIXES.get(type, ())
    if suffixes and not base.lower().endswith(suffixes):
        base = f"{base or _UNNAMED}{suffixes[0]}"
    elif suffixes and base.startswith("."):
        base = f"{_UNNAMED}{base}"
    return _shortened(base) or _UNNAMED


def content_disposition(name: str, *, inline: bool) -> str:
    header = content_disposition_header(as_attachment=not inline, filename=clean_name(name))
    assert header is not None  # there always is a name
    return header


def serving_headers(type: str, name: str) -> dict[str, str]:
    """Return the headers of every answer that carries the bytes of a file."""
    inline = type in _SHOWN_INLINE
    return {
        "Content-Type": type if type in Type.values else "application/octet-stream",
        "Content-Disposition": content_disposition(clean_name(name, type=type), inline=inline),
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox; default-src 'none'",
    }


def _shortened(name: str) -> str:
    if len(name.encode()) <= MOST_BYTES:
        return name
    suffix = PurePosixPath(name).suffix
    if len(suffix.encode()) > _MOST_SUFFIX_BYTES:
        suffix = ""
    stem = name.removesuffix(suffix).encode()[: MOST_BYTES - len(suffix.encode())].decode(errors="ignore")
    return stem.rstrip(". ") + suffix
