"""What is known of a picture, after every pixel was decoded; and which cannot be."""

import io
import os
import signal
from datetime import timedelta

import pytest
from PIL import Image

from tests.uploads import pictures
from tests.uploads.looking import look, reason, small
from uploads.reasons import Reason
from uploads.verifying import Examined, Rejected, decoding, strip


@pytest.mark.slow
@pytest.mark.parametrize("type", pictures.PICTURES)
def test_size_of_a_picture(type):
    assert look(pictures.picture(type), type) == Examined(type, 64, 48)


@pytest.mark.slow
@pytest.mark.parametrize("size", [(1, 1), (2, 1000), (1000, 3), (7, 7), (15, 9)])
@pytest.mark.parametrize("type", pictures.PICTURES)
def test_a_picture_may_be_small_or_narrow(type, size):
    data = pictures.picture(type, of=pictures.image(size))
    assert look(data, type) == Examined(type, *size)
    assert max(small(data, type, box=1000).size) == max(size)


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


@pytest.mark.parametrize("options", [{}, {"progressive": True}], ids=["baseline", "progressive"])
@pytest.mark.parametrize("part", [0.5, 0.97])
def test_a_jpeg_that_was_cut_and_closed_again_is_refused(options, part):
    data = pictures.picture("image/jpeg", of=Image.effect_noise((200, 150), 50).convert("RGB"), **options)
    assert reason(data[: int(len(data) * part)] + b"\xff\xd9", "image/jpeg") == Reason.TRUNCATED


def test_a_jpeg_may_have_fill_bytes_and_some_that_mean_nothing():
    data = pictures.picture("image/jpeg")
    assert look(data[:-2] + b"\x12\x34" + data[-2:], "image/jpeg").width == 64
    assert look(data[:2] + b"\xff" * 1000 + data[2:], "image/jpeg").width == 64


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
@pytest.mark.parametrize(
    ("type", "options"), [("image/avif", {"speed": 10}), ("image/jpeg", {"progressive": True}), ("image/gif", {})]
)
def test_a_decoder_without_memory_refuses_the_file(monkeypatch, type, options):
    monkeypatch.setattr(decoding, "MEMORY", 72 * 1024 * 1024)
    data = pictures.picture(type, of=Image.new("RGB", (4000, 3000)), **options)
    assert reason(data, type) == Reason.TOO_COMPLEX


def test_a_decoder_without_time_refuses_the_file(monkeypatch):
    monkeypatch.setattr(decoding, "PATIENCE", timedelta(milliseconds=1))
    assert reason(pictures.picture("image/jpeg"), "image/jpeg") == Reason.TOO_COMPLEX


def test_a_decoder_that_cannot_start_is_no_reason_to_refuse(monkeypatch):
    monkeypatch.setattr(decoding.decoder, "__file__", os.devnull + "/nowhere")
    with pytest.raises(decoding.DecoderError):
        look(pictures.picture("image/jpeg"), "image/jpeg")
