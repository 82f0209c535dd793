"""Pictures of a wanted size, made of noise, which no format can make small."""

import io
from functools import cache
from typing import Any

from PIL import Image

MOST_BYTES = 10 * 1024 * 1024
TILE, TILES = (912, 685), 8
"""So many of these across and down make 40 million pixels."""


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
    options: dict[str, Any] = {"compress_level": 1} if kind == "PNG" else {"quality": 75}
    if kind.startswith("progressive"):
        options["progressive"] = True
    coding = kind.rpartition(" ")[2]
    draw = _partly_noise if coding == "PNG" else _noise
    low, high = 0.0, 64.0
    while high - low > 0.001 + low / 20:
        middle = (low + high) / 2
        enough = len(_saved(draw(TILE, middle), coding, **options)) * TILES**2 > 0.97 * MOST_BYTES
        low, high = (low, middle) if enough else (middle, high)
    data = _saved(_tiled(draw(TILE, low)), coding, **options)
    if not 0.8 * MOST_BYTES < len(data) <= MOST_BYTES:
        raise RuntimeError(f"{kind} has {len(data)} bytes")
    return data, "image/png" if kind == "PNG" else "image/jpeg"


def _noise(size: tuple[int, int], strength: float) -> Image.Image:
    """Return grey noise in colour: `strength` is its standard deviation."""
    return Image.effect_noise(size, strength).convert("RGB")


def _partly_noise(size: tuple[int, int], strength: float) -> Image.Image:
    """Return strong noise above and nothing below: weak noise is a random bit for each pixel, which is too much."""
    picture = Image.new("RGB", size)
    picture.paste(_noise((size[0], max(1, int(size[1] * strength / 64))), 60))
    return picture


def _tiled(tile: Image.Image) -> Image.Image:
    whole = Image.new("RGB", (TILES * tile.width, TILES * tile.height))
    for number in range(TILES * TILES):
        whole.paste(tile, (number % TILES * tile.width, number // TILES * tile.height))
    return whole


def _saved(picture: Image.Image, coding: str, **options: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, coding, **options)
    return out.getvalue()
