"""Pictures of a wanted size, made of noise, which no format can make small."""

import io
from functools import cache
from typing import Any

from PIL import Image

MOST_BYTES = 10 * 1024 * 1024
PART, PARTS = (912, 685), 8
WHOLE = (PARTS * PART[0], PARTS * PART[1])
"""40 million pixels."""


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


@cache
def largest(kind: str) -> tuple[bytes, str]:
    """Return a picture with about as many bytes and pixels as are taken, and its type."""
    data = _png() if kind == "PNG" else _jpeg(progressive=kind.startswith("progressive"))
    if not 0.8 * MOST_BYTES < len(data) <= MOST_BYTES:
        raise RuntimeError(f"{kind} has {len(data)} bytes")
    return data, "image/png" if kind == "PNG" else "image/jpeg"


def _jpeg(**options: Any) -> bytes:
    """Find how strong the noise may be, in a part; then repeat that."""
    low, high = 0.0, 64.0
    while high - low > 0.001 + low / 20:
        middle = (low + high) / 2
        size = len(_saved(_noise(PART, middle), "JPEG", quality=75, **options))
        low, high = (low, middle) if size * PARTS**2 > 0.97 * MOST_BYTES else (middle, high)
    part, whole = _noise(PART, low), Image.new("RGB", WHOLE)
    for number in range(PARTS * PARTS):
        whole.paste(part, (number % PARTS * PART[0], number // PARTS * PART[1]))
    return _saved(whole, "JPEG", quality=75, **options)


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
