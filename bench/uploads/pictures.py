"""Pictures of a wanted size, made of noise, which no format can make small."""

import io
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from PIL import Image

MOST_BYTES = 10 * 1024 * 1024
PART = (912, 685)
WHOLE = (7296, 5480)
"""40 million pixels."""
PHOTO = (4000, 3000)


@cache
def jpeg(size: int) -> bytes:
    """Return a JPEG with at most so many bytes, and at least 95 % of them."""
    side = int((size / 1.2) ** 0.5)
    for _try in range(8):
        data = _saved(_noise((side, side), 60), "JPEG", quality=85)
        if 0.95 * size <= len(data) <= size:
            return data
        side = int(side * (0.975 * size / len(data)) ** 0.5)
    raise RuntimeError(f"no JPEG of {size} bytes")


@dataclass(frozen=True)
class Kind:
    type: str
    coding: str
    size: tuple[int, int] = WHOLE
    bytes: int = MOST_BYTES
    options: dict[str, Any] = field(default_factory=dict)
    usual: bool = True
    """Is it what members mostly send? The others are dearer to decode, and rare."""


KINDS = {
    "JPEG of 40 Mpx and 10 MiB": Kind("image/jpeg", "JPEG"),
    "PNG of 40 Mpx and 10 MiB": Kind("image/png", "PNG"),
    "WebP of 40 Mpx and 10 MiB": Kind("image/webp", "WEBP", options={"method": 0}),
    "progressive JPEG of 12 Mpx": Kind(
        "image/jpeg", "JPEG", PHOTO, MOST_BYTES // 2, {"progressive": True}, usual=False
    ),
    "progressive JPEG of 40 Mpx": Kind("image/jpeg", "JPEG", options={"progressive": True}, usual=False),
    "AVIF of 12 Mpx": Kind("image/avif", "AVIF", PHOTO, MOST_BYTES // 4, {"speed": 10}, usual=False),
}


@cache
def largest(kind: str) -> tuple[bytes, str]:
    """Return a picture with about as many bytes and pixels as its kind says, and its type."""
    wanted = KINDS[kind]
    data = _png() if wanted.coding == "PNG" else _noisy(wanted)
    if not 0.8 * wanted.bytes < len(data) <= wanted.bytes:
        raise RuntimeError(f"{kind} has {len(data)} bytes")
    return data, wanted.type


def _noisy(kind: Kind) -> bytes:
    """Find how strong the noise may be, in a part; then repeat that."""
    across, down = kind.size[0] // PART[0] + 1, kind.size[1] // PART[1] + 1
    area = kind.size[0] * kind.size[1] / (PART[0] * PART[1])
    low, high = 0.0, 64.0
    while high - low > 0.001 + low / 20:
        middle = (low + high) / 2
        size = len(_saved(_noise(PART, middle), kind.coding, quality=75, **kind.options))
        low, high = (low, middle) if size * area > 0.97 * kind.bytes else (middle, high)
    part, whole = _noise(PART, low), Image.new("RGB", kind.size)
    for number in range(across * down):
        whole.paste(part, (number % across * PART[0], number // across * PART[1]))
    return _saved(whole, kind.coding, quality=75, **kind.options)


def _png() -> bytes:
    """Find how many rows of noise there may be; the rest is black."""
    width, some = WHOLE[0], 50
    rows = int(0.95 * MOST_BYTES * some / len(_saved(_noise((width, some), 60), "PNG", compress_level=1)))
    whole = Image.new("RGB", WHOLE)
    whole.paste(_noise((width, rows), 60))
    return _saved(whole, "PNG", compress_level=1)


def _noise(size: tuple[int, int], strength: float) -> Image.Image:
    """Return grey noise in colour: `strength` is its standard deviation."""
    return Image.effect_noise(size, strength).convert("RGB")


def _saved(picture: Image.Image, coding: str, **options: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, coding, **options)
    return out.getvalue()
