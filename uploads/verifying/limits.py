"""How much a picture may cost to read, known from its headers before anything is decoded."""

from dataclasses import dataclass

from uploads.kinds import Type
from uploads.reasons import Reason
from uploads.verifying.rejecting import Rejected

MOST_PIXELS = {
    Type.PNG: 40_000_000,
    Type.JPEG: 40_000_000,
    Type.WEBP: 40_000_000,
    Type.GIF: 24_000_000,  # its decoder holds 5 bytes for each
    Type.AVIF: 12_500_000,  # 15 to 22 bytes
}
MOST_HELD = 160_000_000
"""Bytes of a picture that comes in several passes, so that its decoder has to hold all of it."""
MOST_PIXELS_OF_ANIMATION = 10_000_000
MOST_FRAMES = 2_000
MOST_PIXELS_PLAYED = 400_000_000
"""Pixels of the canvas times frames."""
MOST_PARTS = 20_000
"""Chunks, segments, boxes; the smaller ones of PNG and GIF have limits of their own."""


@dataclass(frozen=True)
class Shape:
    """Size as stored, before its orientation turns it."""

    width: int
    height: int
    frames: int = 1
    orientation: int = 1

    @property
    def shown(self) -> tuple[int, int]:
        return (self.height, self.width) if self.orientation >= 5 else (self.width, self.height)


def bound(width: int, height: int, *, type: Type, frames: int = 1) -> None:
    """Raises Rejected where decoding would cost too much, or where there is nothing to decode."""
    if width < 1 or height < 1:
        raise Rejected(Reason.UNREADABLE, f"{width} x {height} pixels")
    pixels = width * height
    if pixels > MOST_PIXELS[type]:
        raise Rejected(Reason.TOO_MANY_PIXELS, f"{width} x {height} pixels, the most are {MOST_PIXELS[type]}")
    if frames > 1 and (
        pixels > MOST_PIXELS_OF_ANIMATION or frames > MOST_FRAMES or pixels * frames > MOST_PIXELS_PLAYED
    ):
        raise Rejected(Reason.TOO_MUCH_ANIMATION, f"{frames} frames of {width} x {height} pixels")


def bound_held(count: int) -> None:
    if count > MOST_HELD:
        raise Rejected(Reason.TOO_MANY_PIXELS, f"{count} bytes to hold, the most are {MOST_HELD}")


def bound_parts(count: int, *, most: int = MOST_PARTS) -> None:
    if count > most:
        raise Rejected(Reason.TOO_COMPLEX, f"more than {most} parts")
