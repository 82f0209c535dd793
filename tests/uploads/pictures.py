"""Files as members, and their enemies, send them: all of them made here, none is stored."""

import functools
import io
import struct
import zlib

from PIL import Image, ImageCms

FORMATS = {
    "image/png": "PNG",
    "image/jpeg": "JPEG",
    "image/gif": "GIF",
    "image/webp": "WEBP",
    "image/avif": "AVIF",
}
PICTURES = sorted(FORMATS)
ANIMATED = ["image/gif", "image/png", "image/webp"]
ORIENTATION, GPS, CAMERA = 0x0112, 0x8825, 0x010F
SECRETS = (b"SecretCamera", b"SECRET-XMP", b"SECRET-COMMENT", b"2024:05:06")
PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\nstartxref\n9\n%%EOF\n"


def image(size=(64, 48), mode="RGB", shift=0) -> Image.Image:
    """Return a picture whose corners differ."""
    across = Image.linear_gradient("L").rotate(90 + shift).resize(size)
    down = Image.linear_gradient("L").resize(size)
    return Image.merge("RGB", (across, down, Image.new("L", size, 40 + shift % 200))).convert(mode)


def picture(type="image/png", *, of=None, **options) -> bytes:
    out = io.BytesIO()
    (of or image()).save(out, FORMATS[type], **options)
    return out.getvalue()


def animation(type: str, *, frames=3, size=(40, 30), **options) -> bytes:
    first, *others = [image(size, shift=30 * number) for number in range(frames)]
    if type == "image/webp":
        options = {"lossless": True, "allow_mixed": False} | options
    return picture(type, of=first, save_all=True, append_images=others, duration=80, **options)


def exif(orientation: int = 1) -> Image.Exif:
    """Return what a camera tells: where, with what and when a picture was taken."""
    found = Image.Exif()
    found[ORIENTATION] = orientation
    found[CAMERA] = "SecretCamera"
    found[0x0132] = "2024:05:06 07:08:09"
    found.get_ifd(GPS).update({1: "N", 2: (48.0, 8.0, 14.0), 3: "E", 4: (11.0, 34.0, 31.0)})
    return found


@functools.cache  # it holds the time at which it was made
def profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def png(
    width=8, height=8, *, bits=8, colour=2, rows: bytes | None = None, before=b"", interlace=0, packed=b""
) -> bytes:
    """Return a PNG of which every part may be wrong; without rows, a black one; `packed` is compressed already."""
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, interlace)
    samples = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    if rows is None and not packed:
        rows = bytes((1 + (width * samples * bits + 7) // 8) * height)
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + before + chunk(b"IDAT", packed or zlib.compress(rows or b""))
    return data + chunk(b"IEND", b"")


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def bomb(length: int) -> bytes:
    """Return that many zeros, compressed a thousandfold."""
    packer = zlib.compressobj(9)
    parts = [packer.compress(bytes(1_000_000)) for _part in range(length // 1_000_000)]
    return b"".join([*parts, packer.flush()])


def gif_of_frames(frames: int, *, width: int, height: int) -> bytes:
    """Return a GIF of very small frames on a canvas of this size."""
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
    return b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + bytes(6) + frame * frames + b"\x3b"


def webp_of_frames(frames: int, *, width: int, height: int) -> bytes:
    small = picture("image/webp", of=image((2, 2)), lossless=True)[12:]
    place = b"".join((value).to_bytes(3, "little") for value in (0, 0, 1, 1, 80)) + b"\x00"
    canvas = b"\x02\x00\x00\x00" + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    chunks = riff(b"VP8X", canvas) + riff(b"ANIM", bytes(6)) + riff(b"ANMF", place + small) * frames
    return webp(chunks)


def riff(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("<I", len(body)) + body + bytes(len(body) % 2)


def webp(chunks: bytes) -> bytes:
    return riff(b"RIFF", b"WEBP" + chunks)


def pixels(data: bytes) -> list[bytes]:
    """Return what every frame shows, before any orientation."""
    shown = []
    with Image.open(io.BytesIO(data)) as opened:
        for number in range(getattr(opened, "n_frames", 1)):
            opened.seek(number)
            shown.append(opened.convert("RGBA").tobytes())
    return shown
