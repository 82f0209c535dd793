"""Thumbnails: upright, small, of the first frame, and telling nothing."""

import pytest
from PIL import Image

from tests.uploads import pictures
from tests.uploads.looking import small
from uploads.verifying import Rejected


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
        small(pictures.picture("image/webp")[:100], "image/webp")
