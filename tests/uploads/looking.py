"""Looking at pictures as the check does: what is known of one, why it is refused, how its thumbnail looks."""

import io

import pytest
from PIL import Image

from uploads.reasons import Reason
from uploads.verifying import Examined, Rejected, examine, thumbnail


def look(data: bytes, type: str) -> Examined:
    return examine(io.BytesIO(data), declared=type, size=len(data))


def reason(data: bytes, type: str) -> Reason:
    with pytest.raises(Rejected) as caught:
        look(data, type)
    return caught.value.reason


def small(data: bytes, type: str, *, box=20) -> Image.Image:
    shown = Image.open(io.BytesIO(thumbnail(io.BytesIO(data), type=type, box=box)), formats=["WEBP"])
    shown.load()
    return shown
