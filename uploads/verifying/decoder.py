"""Decodes one picture in a process of its own: a script that knows only Pillow, started by `decoding`.

A decoder that needs too much memory or time, or that a crafted file makes crash, takes nothing with it. The file
comes by stdin, the result goes to stdout, the verdict is the exit code. Memory and time are limited before Pillow is
imported; on Linux the process also offers itself to the kernel as the first to go where memory runs out.
"""

from __future__ import annotations

import io
import json
import resource
import sys
import warnings
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL import Image

UNREADABLE = 3
NO_MEMORY = 4
_ORIENTATION = 0x0112


def main() -> int:
    order = json.loads(sys.argv[1])
    _limit(memory=order["memory"], seconds=order["seconds"])
    from PIL import AvifImagePlugin, Image, ImageCms, ImageOps  # noqa: F401 - before a file may say what fails

    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    Image.MAX_IMAGE_PIXELS = order["pixels"]
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    try:
        with Image.open(io.BytesIO(sys.stdin.buffer.read()), formats=[order["format"]]) as picture:
            out = _thumbnail(picture, box=order["box"]) if order["box"] else _decode(picture, most=order["frames"])
    except MemoryError:
        return NO_MEMORY
    except Exception as error:  # noqa: BLE001 - Pillow raises whatever its parsers stumble over
        sys.stderr.write(f"{type(error).__name__}: {error}")
        return UNREADABLE
    sys.stdout.buffer.write(out)
    return 0


def _limit(*, memory: int, seconds: int) -> None:
    # A process that reaches the soft limit of its time gets SIGXCPU, at the hard one SIGKILL, which tells nothing.
    limits = {resource.RLIMIT_AS: (memory, memory), resource.RLIMIT_CPU: (seconds, seconds + 1)}
    for kind, most in (limits | {resource.RLIMIT_CORE: (0, 0)}).items():
        with suppress(ValueError, OSError):  # where the system does not know it, or a stricter one holds
            resource.setrlimit(kind, most)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


def _decode(picture: Image.Image, *, most: int) -> bytes:
    """Decode every pixel of every frame; return width and height as shown."""
    width, height = picture.size
    if picture.getexif().get(_ORIENTATION, 1) >= 5:
        width, height = height, width
    frames = getattr(picture, "n_frames", 1)
    if frames > most:
        raise ValueError(f"{frames} frames instead of {most}")
    picture.draft(None, (1, 1))  # of a JPEG all data is read, an eighth of the rows and columns is kept
    for number in range(frames):
        picture.seek(number)
        picture.load()
    return json.dumps([width, height]).encode()


def _thumbnail(picture: Image.Image, *, box: int) -> bytes:
    from PIL import ImageOps

    small: Any = picture
    profile = picture.info.get("icc_profile")
    picture.draft(None, (box, box))
    if picture.mode in {"1", "P", "PA"}:  # these are never averaged, and cost four times as much when converted
        picture.thumbnail((4 * box, 4 * box))
        small = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    elif picture.mode.startswith("I"):
        small = picture.convert("I").point(lambda value: value / 256).convert("L")
    small.thumbnail((box, box), reducing_gap=2.0)
    small = _in_srgb(ImageOps.exif_transpose(small), profile)
    out = io.BytesIO()
    small.save(out, "WEBP", quality=80, method=4, exif=b"", xmp=b"", icc_profile=b"")
    return out.getvalue()


def _in_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """Return it in the colours that a picture without a profile is shown in."""
    from PIL import ImageCms

    alpha = picture.getchannel("A") if picture.mode in {"RGBA", "LA"} else None
    if profile and picture.mode in {"RGB", "RGBA", "CMYK"}:
        with suppress(ImageCms.PyCMSError, OSError):
            plain = picture.convert("RGB") if alpha else picture
            source, target = ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB")
            converted = ImageCms.profileToProfile(plain, source, target, outputMode="RGB")
            picture = converted or plain
    picture = picture.convert("RGB")
    if alpha:
        picture.putalpha(alpha)
    return picture


if __name__ == "__main__":
    sys.exit(main())
