"""Looking at pictures as the check does: what is known of one, why it is refused, how its thumbnail looks."""

import io
from tempfile import TemporaryFile

import pytest
from PIL import Image

from uploads.reasons import Reason
from uploads.verifying import Examined, Rejected, examine, thumbnails


def look(data: bytes, type: str) -> Examined:
    return examine(io.BytesIO(data), declared=type, size=len(data))


def reason(data: bytes, type: str) -> Reason:
    with pytest.raises(Rejected) as caught:
        look(data, type)
    return caught.value.reason


def small(data: bytes, type: str, *, box=20) -> Image.Image:
    with TemporaryFile() as file:
        file.write(data)
        [made] = thumbnails(file, type=type, boxes=[box])
    shown = Image.open(io.BytesIO(made), formats=["WEBP"])
    shown.load()
    return shown
