"""What a picture may cost, and what is known of it: limits, decoding, thumbnails."""

import io
import json
import os
import signal
import struct
import subprocess
import sys
from datetime import timedelta

import pytest
from PIL import Image

from tests.uploads import bombs, pictures
from uploads.reasons import Reason
from uploads.verifying import Examined, Rejected, decoding, examine, strip, thumbnail
from uploads.verifying.limits import MOST_FRAMES, MOST_PIXELS, MOST_PIXELS_OF_DEAR

MOST_SECONDS = 1.0
MOST_GROWTH = 100  # MB


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


def cost_of(data: bytes, type: str, *, folder):
    path = folder / "bomb"
    path.write_bytes(data)
    # A process that this large one starts would count our memory as its own; one that a shell starts does not.
    command = ["/bin/sh", "-c", '"$@"; exit $?', "sh", sys.executable, "-m", "tests.uploads.bombs", str(path), type]
    ran = subprocess.run(command, capture_output=True, check=False)
    assert ran.returncode == 0, ran.stderr.decode()
    return json.loads(ran.stdout)


# --- Bombs -------------------------------------------------------------------------------------------------------


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
    data = pictures.picture("image/webp", of=Image.new("RGB", (5000, 4000)), method=0)
    cost = cost_of(data, "image/webp", folder=tmp_path)
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


@pytest.mark.parametrize(("width", "fits"), [(MOST_PIXELS // 5000, True), (MOST_PIXELS // 5000 + 1, False)])
def test_the_most_pixels_of_a_png(width, fits):
    data = pictures.png(width, 5000, bits=1, colour=0)
    if fits:
        assert look(data, "image/png").width == width
    else:
        assert reason(data, "image/png") == Reason.TOO_MANY_PIXELS


@pytest.mark.slow
@pytest.mark.parametrize("type", ["image/jpeg", "image/gif"])
def test_the_most_pixels_of_what_is_cheap_to_decode(type):
    data = pictures.picture(type, of=Image.new("L", (MOST_PIXELS // 5000, 5000)))
    assert look(data, type).height == 5000
    assert small(data, type).size == (20, 13)


@pytest.mark.slow
@pytest.mark.parametrize("type", ["image/webp", "image/avif"])
def test_the_most_pixels_of_what_is_dear_to_decode(type):
    options = {"method": 0} if type == "image/webp" else {"speed": 10, "subsampling": "4:4:4"}
    data = pictures.picture(type, of=Image.new("RGBA", (MOST_PIXELS_OF_DEAR // 4000, 4000), (9, 9, 9, 99)), **options)
    assert look(data, type).height == 4000
    assert small(data, type, box=1600).size == (1600, 1067)


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


# --- Decoding ----------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("type", pictures.PICTURES)
def test_size_of_a_picture(type):
    assert look(pictures.picture(type), type) == Examined(type, 64, 48)


@pytest.mark.slow
@pytest.mark.parametrize("type", pictures.ANIMATED)
def test_size_of_an_animation(type):
    assert look(pictures.animation(type), type) == Examined(type, 40, 30)


@pytest.mark.parametrize("type", [type for type in pictures.PICTURES if type != "image/gif"])
def test_size_is_told_as_shown(type):
    assert look(pictures.picture(type, exif=pictures.exif(6)), type) == Examined(type, 48, 64)


@pytest.mark.slow
@pytest.mark.parametrize("colour", [0, 2, 3, 4, 6])
@pytest.mark.parametrize("bits", [1, 2, 4, 8, 16])
def test_depths_and_colours_of_a_png(bits, colour):
    palette = pictures.chunk(b"PLTE", bytes(3 * 4)) if colour == 3 else b""
    data = pictures.png(37, 5, bits=bits, colour=colour, before=palette)
    allowed = {0: {1, 2, 4, 8, 16}, 3: {1, 2, 4, 8}}.get(colour, {8, 16})
    if bits in allowed:
        assert look(data, "image/png").width == 37
        assert small(data, "image/png").size == (20, 3)
    else:
        assert reason(data, "image/png") == Reason.UNREADABLE


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (5, 1), (8, 8), (33, 17)])
def test_an_interlaced_png(size):
    width, height = size
    steps = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    rows = b""
    for x, y, across, down in steps:
        if wide := len(range(x, width, across)):
            rows += (b"\x04" + bytes(3 * wide)) * len(range(y, height, down))
    data = pictures.png(width, height, rows=rows, interlace=1)
    assert look(data, "image/png").width == width
    Image.open(io.BytesIO(data)).load()
    assert reason(pictures.png(width, height, rows=rows[:-1], interlace=1), "image/png") == Reason.TRUNCATED
    assert reason(pictures.png(width, height, rows=rows + b"\0", interlace=1), "image/png") == Reason.UNREADABLE


@pytest.mark.parametrize(
    "data",
    [
        pictures.png(rows=b"\x05" + bytes(8 * 25 - 1)),
        pictures.png(rows=bytes(7 * 25) + b"\xff" + bytes(24)),
        pictures.png(colour=3),
        pictures.png(before=pictures.chunk(b"CgBI", b"")),
        pictures.png(interlace=2),
        pictures.png()[:29] + bytes(4) + pictures.png()[33:],
    ],
    ids=["first filter", "last filter", "no palette", "unknown critical chunk", "interlace", "checksum"],
)
def test_a_wrong_png_is_refused(data):
    assert reason(data, "image/png") in {Reason.UNREADABLE, Reason.TRUNCATED}


@pytest.mark.parametrize("type", ["image/gif", "image/webp", "image/avif"])
def test_damaged_pixels_are_refused(type):
    data = bytearray(pictures.picture(type))
    middle = {"image/gif": 0.8, "image/webp": 0.3, "image/avif": 0.5}[type]
    start = int(len(data) * middle)
    data[start : start + 100] = b"\xff" * 100
    assert reason(bytes(data), type) in {Reason.UNREADABLE, Reason.TRUNCATED}


@pytest.mark.slow
def test_a_picture_of_random_damage_never_raises_anything_else():
    for type in pictures.PICTURES:
        data = pictures.picture(type, **({} if type == "image/gif" else {"exif": pictures.exif(6)}))
        for place in range(3, len(data), max(len(data) // 8, 1)):
            broken = data[:place] + bytes([data[place] ^ 0xA5]) + data[place + 1 :]
            try:
                look(broken, type)
                strip(io.BytesIO(broken), type=type, out=io.BytesIO())
            except Rejected:
                pass


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (3, Reason.UNREADABLE),
        (4, Reason.TOO_COMPLEX),
        (-signal.SIGXCPU, Reason.TOO_COMPLEX),
        (-signal.SIGABRT, Reason.TOO_COMPLEX),
        (-signal.SIGSEGV, Reason.UNREADABLE),
    ],
)
def test_the_end_of_the_decoder_tells_about_the_file(code, expected):
    refusal = decoding._refusal(code, "")
    assert refusal
    assert refusal.reason == expected


@pytest.mark.parametrize("code", [1, 2, -signal.SIGKILL, -signal.SIGTERM])
def test_a_decoder_that_was_killed_says_nothing_about_the_file(code):
    assert decoding._refusal(code, "") is None


@pytest.mark.slow
def test_a_decoder_without_memory_refuses_the_file(monkeypatch):
    monkeypatch.setattr(decoding, "MEMORY", 120 * 1024 * 1024)
    data = pictures.picture("image/webp", of=Image.new("RGB", (4000, 4000)), method=0)
    assert reason(data, "image/webp") in {Reason.TOO_COMPLEX, Reason.UNREADABLE}


def test_a_decoder_without_time_refuses_the_file(monkeypatch):
    monkeypatch.setattr(decoding, "PATIENCE", timedelta(milliseconds=1))
    assert reason(pictures.picture("image/jpeg"), "image/jpeg") == Reason.TOO_COMPLEX


def test_a_decoder_that_cannot_start_is_no_reason_to_refuse(monkeypatch):
    monkeypatch.setattr(decoding.decoder, "__file__", os.devnull + "/nowhere")
    with pytest.raises(decoding.DecoderError):
        look(pictures.picture("image/jpeg"), "image/jpeg")


# --- Thumbnails --------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("type", pictures.PICTURES)
def test_a_thumbnail_fits_and_is_never_enlarged(type):
    data = pictures.picture(type)
    assert small(data, type, box=32).size == (32, 24)
    assert small(data, type, box=240).size == (64, 48)


@pytest.mark.parametrize("type", [type for type in pictures.PICTURES if type != "image/gif"])
def test_a_thumbnail_is_upright_and_tells_nothing(type):
    upright = pictures.image((200, 100))
    turned = upright.transpose(Image.Transpose.ROTATE_90)  # orientation 6 turns it back
    data = pictures.picture(type, of=turned, exif=pictures.exif(6), icc_profile=pictures.profile())
    shown = small(data, type, box=50)
    assert shown.size == (50, 25)
    assert not shown.getexif()
    assert not {"exif", "xmp", "icc_profile"} & set(shown.info)
    for place in ((2, 2), (47, 2), (2, 22), (47, 22)):
        wanted = upright.resize((50, 25)).getpixel(place)
        assert max(abs(a - b) for a, b in zip(shown.convert("RGB").getpixel(place), wanted, strict=True)) < 30


@pytest.mark.parametrize("type", pictures.ANIMATED)
def test_a_thumbnail_shows_the_first_frame(type):
    shown = small(pictures.animation(type), type)
    assert getattr(shown, "n_frames", 1) == 1
    expected = pictures.image((40, 30)).resize((20, 15))
    difference = max(
        abs(a - b) for a, b in zip(shown.convert("RGB").getpixel((3, 12)), expected.getpixel((3, 12)), strict=True)
    )
    assert difference < 30


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16"])
def test_a_thumbnail_of_any_kind_of_png(mode):
    picture = Image.new("I;16", (64, 48), 0x8000) if mode == "I;16" else pictures.image(mode="L").convert(mode)
    shown = small(pictures.picture("image/png", of=picture), "image/png")
    assert shown.size == (20, 15)
    if mode == "I;16":
        assert abs(shown.convert("L").getpixel((9, 9)) - 128) < 4


def test_a_thumbnail_stays_transparent():
    data = pictures.picture("image/png", of=Image.new("RGBA", (64, 48), (255, 0, 0, 0)))
    assert small(data, "image/png").getchannel("A").getextrema() == (0, 0)
    palette = pictures.image().quantize(4)
    data = pictures.picture("image/gif", of=palette, transparency=palette.getpixel((0, 0)))
    assert small(data, "image/gif").getpixel((0, 0))[3] == 0


def test_a_thumbnail_of_a_broken_picture_is_refused():
    with pytest.raises(Rejected):
        thumbnail(io.BytesIO(pictures.picture("image/png")[:100]), type="image/png", box=20)
