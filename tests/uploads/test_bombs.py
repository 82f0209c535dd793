"""What a picture may cost: bombs are refused, and what is at the limits is not."""

import json
import struct
import subprocess
import sys

import pytest
from PIL import Image

from tests.uploads import bombs, pictures
from tests.uploads.looking import look, reason, small
from uploads.reasons import Reason
from uploads.verifying import Examined
from uploads.verifying.limits import MOST_FRAMES, MOST_PIXELS

MOST_SECONDS = 1.0
MOST_GROWTH = 100  # MB


def cost_of(data: bytes, type: str, *, folder):
    path = folder / "bomb"
    path.write_bytes(data)
    # A process that this large one starts would count our memory as its own; one that a shell starts does not.
    command = ["/bin/sh", "-c", '"$@"; exit $?', "sh", sys.executable, "-m", "tests.uploads.bombs", str(path), type]
    ran = subprocess.run(command, capture_output=True, check=False)
    assert ran.returncode == 0, ran.stderr.decode()
    return json.loads(ran.stdout)


QUICK = {
    "PNG of 4 gigapixels",
    "JPEG of 2000 scans",
    "GIF of large frames",
    "WebP of many frames",
    "AVIF of boxes in boxes",
}


@pytest.mark.parametrize(
    "name", [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in bombs.BOMBS]
)
def test_a_bomb_is_refused_quickly_and_in_little_memory(name, tmp_path):
    type, make = bombs.BOMBS[name]
    cost = cost_of(make(), type, folder=tmp_path)
    assert cost["reason"] in {
        Reason.TOO_MANY_PIXELS,
        Reason.TOO_MUCH_TEXT,
        Reason.TOO_MUCH_ANIMATION,
        Reason.TOO_COMPLEX,
        Reason.UNREADABLE,
    }
    assert cost["seconds"] < MOST_SECONDS, cost
    assert cost["growth"] < MOST_GROWTH, cost


@pytest.mark.slow
def test_the_measurement_of_bombs_sees_what_decoding_takes(tmp_path):
    data = pictures.picture("image/avif", of=Image.new("RGB", (4000, 3000)), speed=10)
    cost = cost_of(data, "image/avif", folder=tmp_path)
    assert cost["reason"] == "nothing"
    assert cost["growth"] > MOST_GROWTH


@pytest.mark.parametrize("type", pictures.PICTURES)
def test_a_picture_without_pixels_is_refused(type):
    data = bytearray(pictures.picture(type))
    place, zeros = {
        "image/png": (16, 4),
        "image/jpeg": (data.find(b"\xff\xc0") + 5, 2),
        "image/gif": (13 + 3 * 256 + 5, 2),
        "image/webp": (26, 2),
        "image/avif": (data.find(b"ispe") + 8, 4),
    }[type]
    data[place : place + zeros] = bytes(zeros)
    if type == "image/gif":
        data[6:8] = bytes(2)
    assert reason(bytes(data), type) == Reason.UNREADABLE


@pytest.mark.parametrize(("width", "fits"), [(8000, True), (8001, False)])
def test_the_most_pixels_of_a_png(width, fits):
    data = pictures.png(width, 5000, bits=1, colour=0)
    if fits:
        assert look(data, "image/png").width == width
    else:
        assert reason(data, "image/png") == Reason.TOO_MANY_PIXELS


@pytest.mark.slow
@pytest.mark.parametrize(
    ("type", "mode", "options"),
    [
        ("image/jpeg", "RGB", {}),
        ("image/jpeg", "RGB", {"progressive": True}),
        ("image/gif", "L", {}),
        ("image/webp", "RGBA", {"method": 0}),
        ("image/webp", "RGBA", {"method": 0, "lossless": True, "quality": 0}),
        ("image/avif", "RGBA", {"speed": 10, "subsampling": "4:4:4"}),
    ],
)
def test_the_most_pixels(type, mode, options):
    data = pictures.picture(type, of=Image.new(mode, (MOST_PIXELS[type] // 4000, 4000)), **options)
    assert look(data, type).height == 4000
    assert max(small(data, type, box=1600).size) == 1600


@pytest.mark.parametrize("type", ["image/gif", "image/avif"])
def test_what_is_dear_to_decode_may_have_fewer_pixels(type):
    make = {"image/gif": lambda: pictures.gif_of_frames(1, width=5000, height=5000), "image/avif": _wide_avif}[type]
    assert reason(make(), type) == Reason.TOO_MANY_PIXELS


def _wide_avif() -> bytes:
    return bombs.avif(pictures.picture("image/avif"), width=12_501, height=1000)


@pytest.mark.parametrize(("subsampling", "fits"), [("4:2:0", True), ("4:4:4", False)])
def test_a_progressive_jpeg_may_have_fewer_coefficients(subsampling, fits):
    plain = pictures.picture("image/jpeg", of=pictures.image((16, 16)), progressive=True, subsampling=subsampling)
    data = plain.replace(b"\x00\x10\x00\x10\x03", struct.pack(">HHB", 5000, 6000, 3))
    assert data != plain
    assert reason(data, "image/jpeg") == (Reason.TRUNCATED if fits else Reason.TOO_MANY_PIXELS)


@pytest.mark.parametrize(("bits", "fits"), [(8, True), (16, False)])
def test_an_interlaced_png_may_have_fewer_bytes(bits, fits):
    data = pictures.png(5000, 6000, bits=bits, colour=2, rows=b"", interlace=1)
    assert (reason(data, "image/png") == Reason.TOO_MANY_PIXELS) != fits  # its rows are missing in any case


def test_an_avif_that_moves_is_refused():
    assert reason(pictures.animation("image/avif"), "image/avif") == Reason.UNREADABLE


@pytest.mark.slow
@pytest.mark.parametrize("make", [pictures.gif_of_frames, pictures.webp_of_frames])
def test_the_most_frames(make):
    type = "image/gif" if make is pictures.gif_of_frames else "image/webp"
    assert look(make(MOST_FRAMES, width=9, height=9), type) == Examined(type, 9, 9)
    assert reason(make(MOST_FRAMES + 1, width=9, height=9), type) == Reason.TOO_MUCH_ANIMATION


def test_a_frame_of_a_gif_that_stands_out_of_its_canvas_counts():
    data = bytearray(pictures.gif_of_frames(1, width=1, height=1))
    place = data.index(b"\x2c") + 1
    data[place : place + 8] = struct.pack("<HHHH", 60_000, 60_000, 1, 1)
    assert reason(bytes(data), "image/gif") == Reason.TOO_MANY_PIXELS
