from typing import BinaryIO

from uploads.verifying.rejecting import Examined

ALLOWED = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "image/avif", "application/pdf"})


def examine(file: BinaryIO, *, declared: str, size: int) -> Examined:
    """Return what the file is; raises Rejected for whatever is not wholly a readable file of the declared type."""
    raise NotImplementedError


def strip(file: BinaryIO, *, type: str, out: BinaryIO) -> bool:
    """Write the file without its metadata to `out`; False, and nothing written, where there was nothing to remove."""
    raise NotImplementedError


def thumbnail(file: BinaryIO, *, type: str, box: int) -> bytes:
    """Return a WebP that fits into a square of `box` pixels; raises Rejected where the picture cannot be read."""
    raise NotImplementedError
