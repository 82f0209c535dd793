"""From the outside in: the type by the first bytes, limits by the headers, structure to the last byte, then each pixel.

What is decoded is what `strip` leaves of the file, so that what will be stored is what has been seen to be whole.
"""

from collections.abc import Sequence
from tempfile import TemporaryFile
from types import ModuleType
from typing import IO, BinaryIO

from uploads.kinds import Type
from uploads.reasons import Reason
from uploads.verifying import avif, decoding, gif, jpeg, pdf, png, webp
from uploads.verifying.rejecting import Examined, Rejected
from uploads.verifying.sniffing import sniff

_FORMATS: dict[str, ModuleType] = {
    Type.PNG: png,
    Type.JPEG: jpeg,
    Type.GIF: gif,
    Type.WEBP: webp,
    Type.AVIF: avif,
    Type.PDF: pdf,
}


def examine(file: BinaryIO, *, declared: str, size: int) -> Examined:
    """Return what the file is; raises Rejected for whatever is not wholly a readable file of the declared type."""
    data = _read(file, size=size, declared=declared)
    if declared == Type.PDF:
        pdf.check(data)
        return Examined(declared)
    shape = _FORMATS[declared].check(data)
    width, height = shape.shown
    if declared != Type.PNG:  # whose rows have all been read by now
        with TemporaryFile() as stripped:
            stripped.write(_FORMATS[declared].strip(data))
            del data  # the decoder will need the memory
            width, height = decoding.decode(stripped, type=declared, shape=shape)
    return Examined(declared, width, height)


def strip(file: BinaryIO, *, type: str, out: BinaryIO) -> bool:
    """Write an examined file without its metadata to `out`; False, and nothing written, where none was found.

    What is drawn stays as it is, bit by bit: the compressed pixels are copied. Orientation, colours and animation stay.
    """
    file.seek(0)
    data = file.read()
    stripped: bytes = _FORMATS[type].strip(data)
    if stripped == data:
        return False
    out.write(stripped)
    return True


def thumbnails(file: IO[bytes], *, type: str, boxes: Sequence[int]) -> list[bytes]:
    """Return WebPs of the first frame, upright, in sRGB, that fit into squares of `boxes` pixels; never enlarged.

    Raises Rejected where the picture cannot be read, and decoding.DecoderError where trying again may help.
    """
    return decoding.thumbnails(file, type=type, boxes=boxes)


def _read(file: BinaryIO, *, size: int, declared: str) -> bytes:
    file.seek(0)
    data = file.read(size + 1)
    if not data:
        raise Rejected(Reason.EMPTY)
    if len(data) != size:
        raise Rejected(Reason.WRONG_SIZE, f"{len(data)} instead of {size} bytes, or more")
    if (found := sniff(data)) != declared:
        raise Rejected(Reason.NOT_WHAT_IT_SAYS, f"{found or 'unknown'} instead of {declared}")
    return data
