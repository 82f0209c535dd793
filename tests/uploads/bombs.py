"""Small files that would cost much to read; run as a script, it tells what refusing one costs a fresh process."""

import io
import json
import os
import resource
import struct
import sys

from tests.uploads import pictures


def avif(data: bytes, *, width: int, height: int) -> bytes:
    place = data.index(b"ispe") + 8
    return data[:place] + struct.pack(">II", width, height) + data[place + 8 :]


def jpeg(data: bytes, *, width: int, height: int) -> bytes:
    place = data.index(b"\xff\xc0") + 5
    return data[:place] + struct.pack(">HH", height, width) + data[place + 4 :]


def jpeg_of_scans(scans: int) -> bytes:
    data = pictures.picture("image/jpeg", of=pictures.image((1000, 1000)), progressive=True)
    start = data.rindex(b"\xff\xda")
    return data[:start] + data[start:-2] * scans + b"\xff\xd9"


def boxes_in_boxes() -> bytes:
    data = b""
    for _depth in range(1_000):
        data = struct.pack(">I", len(data) + 8) + b"trak" + data
    return pictures.picture("image/avif") + struct.pack(">I", len(data) + 8) + b"moov" + data


def avif_of_items(parts: int, *, count=1, length=0) -> bytes:
    """Return an AVIF whose metadata says that it has so many items, each of so many parts from the first byte on."""
    entry = b"\x02\0\0\0" + struct.pack(">HH", 1, 0) + b"Exif\0"
    information = bytes(4) + struct.pack(">H", 1) + _box(b"infe", entry)
    sizes, lengths = (0x0400, struct.pack(">I", length) * parts) if length else (0, b"")
    located = struct.pack(">IHH", 0, sizes, count) + (struct.pack(">HHH", 1, 0, parts) + lengths) * count
    size = _box(b"iprp", _box(b"ipco", _box(b"ispe", bytes(4) + struct.pack(">II", 64, 64))))
    meta = _box(b"meta", bytes(4) + _box(b"iinf", information) + _box(b"iloc", located) + size)
    return _box(b"ftyp", b"avif" + bytes(4) + b"avifmif1miaf") + meta + _box(b"mdat", bytes(length))


def _box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", 8 + len(body)) + kind + body


def texts(kind: bytes, before: bytes, *, count=1, length: int) -> bytes:
    return pictures.png(before=pictures.chunk(kind, before + pictures.bomb(length)) * count)


def animated_png(frames: int, *, width=3000, height=3000) -> bytes:
    frame = pictures.chunk(b"fcTL", struct.pack(">IIIIIHHBB", 0, width, height, 0, 0, 1, 9, 0, 0))
    data = pictures.png(width, height, before=pictures.chunk(b"acTL", struct.pack(">II", frames, 0)) + frame)
    return data[:-12] + (frame + pictures.chunk(b"fdAT", bytes(4) + pictures.bomb(1000))) * (frames - 1) + data[-12:]


BOMBS = {
    "PNG of 88 megapixels": (
        "image/png",
        lambda: pictures.png(9400, 9400, colour=6, packed=pictures.bomb(353_000_000)),
    ),
    "PNG of 4 gigapixels": ("image/png", lambda: pictures.png(65535, 65535, rows=b"")),
    "PNG of 2^62 pixels": ("image/png", lambda: pictures.png(2**31 - 1, 2**31 - 1, rows=b"")),
    "PNG with more rows than it says": ("image/png", lambda: pictures.png(packed=pictures.bomb(200_000_000))),
    "PNG with zTXt": ("image/png", lambda: texts(b"zTXt", b"a\0\0", length=200_000_000)),
    "PNG with many zTXt": ("image/png", lambda: texts(b"zTXt", b"a\0\0", count=300, length=1_000_000)),
    "PNG with iTXt": ("image/png", lambda: texts(b"iTXt", b"a\0\1\0\0\0", length=200_000_000)),
    "PNG with iCCP": ("image/png", lambda: texts(b"iCCP", b"a\0\0", length=200_000_000)),
    "PNG with tEXt": ("image/png", lambda: pictures.png(before=pictures.chunk(b"tEXt", b"a\0" + b"b" * 9_000_000))),
    "PNG of many chunks": ("image/png", lambda: pictures.png(before=pictures.chunk(b"prVt", b"") * 800_000)),
    "PNG of many frames": ("image/png", lambda: animated_png(1_900)),
    "PNG of many narrow frames": ("image/png", lambda: animated_png(40, width=1, height=9_999_999)),
    "JPEG of 4 gigapixels": ("image/jpeg", lambda: jpeg(pictures.picture("image/jpeg"), width=65535, height=65535)),
    "JPEG of 2000 scans": ("image/jpeg", lambda: jpeg_of_scans(2_000)),
    "GIF of 4 gigapixels": ("image/gif", lambda: pictures.gif_of_frames(1, width=65535, height=65535)),
    "GIF of many frames": ("image/gif", lambda: pictures.gif_of_frames(400_000, width=9, height=9)),
    "GIF of large frames": ("image/gif", lambda: pictures.gif_of_frames(1_500, width=3000, height=3000)),
    "GIF of tiny blocks": (
        "image/gif",
        lambda: pictures.gif_of_frames(1, width=9, height=9)[:-1] + b"\x21\xfe" + b"\x01a" * 5_000_000 + b"\0\x3b",
    ),
    "WebP of 268 megapixels": ("image/webp", lambda: pictures.webp_of_frames(1, width=16384, height=16384)),
    "WebP of many frames": ("image/webp", lambda: pictures.webp_of_frames(15_000, width=9, height=9)),
    "WebP of large frames": ("image/webp", lambda: pictures.webp_of_frames(1_500, width=3000, height=3000)),
    "AVIF of 4 gigapixels": ("image/avif", lambda: avif(pictures.picture("image/avif"), width=65535, height=65535)),
    "AVIF of boxes in boxes": ("image/avif", boxes_in_boxes),
    "AVIF of items of nothing": ("image/avif", lambda: avif_of_items(65_535, count=100)),
    "AVIF of items of everything": ("image/avif", lambda: avif_of_items(1_000, length=9_000_000)),
}


def cost(path: str, type: str) -> dict[str, object]:
    """Refuse the file; tell the reason, the seconds, and by how many MB this process and its children grew."""
    from uploads.verifying import Rejected, examine

    with open(path, "rb") as file:  # noqa: PTH123
        size = file.seek(0, io.SEEK_END)
        before, start, reason = memory(), seconds(), "nothing"
        try:
            examine(file, declared=type, size=size)
        except Rejected as refusal:
            reason = refusal.reason.value
        return {"reason": reason, "seconds": seconds() - start, "growth": memory() - before}


def seconds() -> float:
    """Return the processor time of this process and of those it waited for: a busy machine does not change it."""
    return sum(os.times()[:4])


def memory() -> float:
    """Return the most MB that were ever in use, by this process or by the largest that it waited for."""
    unit = 1024 * 1024 if sys.platform == "darwin" else 1024
    whose = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return max(resource.getrusage(who).ru_maxrss for who in whose) / unit


if __name__ == "__main__":
    sys.stdout.write(json.dumps(cost(*sys.argv[1:])))
