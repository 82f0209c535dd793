"""What is removed of a file before it is stored, and that nothing else is."""

import io

import pytest
from PIL import Image

from tests.uploads import pictures
from uploads.verifying import examine, orientation, strip

XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/">SECRET-XMP</x:xmpmeta>'
WITH_EXIF = [type for type in pictures.PICTURES if type != "image/gif"]
LONDON = b"\x00\x00\x00\x30\x00\x00\x00\x01"  # 48 degrees, as one rational number


def stripped(data: bytes, type: str) -> bytes:
    """Strip twice: the second time there is nothing left to do."""
    out, again = io.BytesIO(), io.BytesIO()
    assert strip(io.BytesIO(data), type=type, out=out)
    assert not strip(out, type=type, out=again)
    assert not again.getvalue()
    examine(out, declared=type, size=len(out.getvalue()))
    return out.getvalue()


def metadata(data: bytes):
    with Image.open(io.BytesIO(data)) as opened:
        opened.load()
        exif = opened.getexif()
        return dict(exif), exif.get_ifd(pictures.GPS), opened.info


def of_camera(type: str, *, turned=6, animated=False) -> bytes:
    make = pictures.animation if animated else pictures.picture
    options = {"exif": pictures.exif(turned), "icc_profile": pictures.profile()}
    if type != "image/png":
        options["xmp"] = XMP
    if type == "image/jpeg":
        options["comment"] = b"SECRET-COMMENT"
    return make(type, **options)


def has_place(data: bytes) -> bool:
    return LONDON in data or LONDON[3::-1] + LONDON[:3:-1] in data


@pytest.mark.parametrize("type", WITH_EXIF)
@pytest.mark.parametrize("turned", [1, 3, 6, 8])
def test_place_camera_and_dates_are_gone_and_the_picture_is_the_same(type, turned):
    data = of_camera(type, turned=turned)
    assert metadata(data)[1]
    assert has_place(data)
    clean = stripped(data, type)
    exif, place, info = metadata(clean)
    assert not place
    assert not has_place(clean)
    assert exif == ({} if turned == 1 else {pictures.ORIENTATION: turned})
    assert info["icc_profile"] == pictures.profile()
    assert not any(secret in clean for secret in pictures.SECRETS)
    assert pictures.pixels(clean) == pictures.pixels(data)


@pytest.mark.parametrize("type", ["image/png", "image/webp"])
def test_an_animation_stays_one(type):
    data = of_camera(type, turned=1, animated=True)
    clean = stripped(data, type)
    assert not any(secret in clean for secret in pictures.SECRETS)
    assert not has_place(clean)
    with Image.open(io.BytesIO(clean)) as opened:
        assert opened.n_frames == 3
    assert len(pictures.pixels(clean)) == 3
    assert pictures.pixels(clean) == pictures.pixels(data)
    assert metadata(clean)[2]["icc_profile"] == pictures.profile()


def test_a_gif_keeps_its_frames_its_loop_and_loses_comments():
    data = pictures.animation("image/gif", comment=b"SECRET-COMMENT", loop=5)
    xmp = b"\x21\xff\x0bXMP DataXMP\x03abc\x00"
    text = b"\x21\x01\x0c" + bytes(12) + b"\x03abc\x00"
    data = data[:-1] + xmp + text + b"\x3b"
    clean = stripped(data, "image/gif")
    assert b"SECRET" not in clean
    assert b"XMP" not in clean
    assert metadata(clean)[2]["loop"] == 5
    assert len(pictures.pixels(clean)) == 3
    assert pictures.pixels(clean) == pictures.pixels(data)


@pytest.mark.parametrize("type", pictures.PICTURES)
def test_where_nothing_is_to_be_removed_nothing_is_written(type):
    clean, out = io.BytesIO(), io.BytesIO()
    data = pictures.picture(type)
    if strip(io.BytesIO(data), type=type, out=clean):
        data = clean.getvalue()
    assert strip(io.BytesIO(data), type=type, out=out) is False
    assert out.getvalue() == b""


def test_a_pdf_is_left_as_it_is():
    out = io.BytesIO()
    assert strip(io.BytesIO(pictures.PDF), type="application/pdf", out=out) is False
    assert out.getvalue() == b""


def test_texts_and_dates_of_a_png_are_gone():
    texts = [(b"tEXt", b"Comment\x00SECRET"), (b"zTXt", b"a\x00\x00" + pictures.bomb(0)), (b"tIME", bytes(7))]
    texts += [(b"iTXt", b"XML:com.adobe.xmp\x00\x00\x00\x00\x00SECRET"), (b"caBX", b"SECRET"), (b"fdAT", b"SECRET")]
    data = pictures.png(before=b"".join(pictures.chunk(*text) for text in texts))
    assert stripped(data, "image/png") == pictures.png()


@pytest.mark.parametrize("mode", ["L", "CMYK", "YCbCr"])
def test_colours_of_a_jpeg_stay(mode):
    data = pictures.picture("image/jpeg", of=pictures.image(mode=mode), exif=pictures.exif(), progressive=True)
    assert pictures.pixels(stripped(data, "image/jpeg")) == pictures.pixels(data)


def segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + (len(body) + 2).to_bytes(2) + body


def with_segment(data: bytes, *segments: bytes) -> bytes:
    return data[:2] + b"".join(segments) + data[2:]


def test_iptc_small_pictures_and_unknown_segments_of_a_jpeg_are_gone():
    plain = pictures.picture("image/jpeg")
    iptc = segment(0xED, b"Photoshop 3.0\x008BIMSECRET")
    small = segment(0xE0, b"JFXX\x00\x10SECRET")
    other = segment(0xE9, b"SECRET")
    assert stripped(with_segment(plain, iptc, small, other), "image/jpeg") == plain


@pytest.mark.parametrize(
    ("told", "tail"),
    [
        (segment(0xE2, b"MPF\x00II*\x00"), pictures.picture("image/jpeg", exif=pictures.exif())),
        (segment(0xE2, b"MPF\x00II*\x00"), bytes(16) + pictures.picture("image/jpeg")),
        (b"", b"\x00\x00\x01\x0aImage_UTC_Data1700000000SEFH" + bytes(12) + b"SEFT"),
        (
            segment(0xE1, b"http://ns.adobe.com/xap/1.0/\x00GCamera:MotionPhoto"),
            b"\x00\x00\x00\x18ftypmp42" + bytes(99),
        ),
        (b"", bytes(64)),
    ],
    ids=["gain map", "padded gain map", "Samsung", "motion photo", "zeros"],
)
def test_what_telephones_put_behind_a_jpeg_is_cut_off(told, tail):
    plain = pictures.picture("image/jpeg")
    data = with_segment(plain, told) + tail
    assert examine(io.BytesIO(data), declared="image/jpeg", size=len(data)).width == 64
    assert stripped(data, "image/jpeg") == plain


def test_data_hidden_in_the_frames_of_a_webp_is_gone():
    plain = pictures.webp_of_frames(2, width=2, height=2)
    assert not strip(io.BytesIO(plain), type="image/webp", out=io.BytesIO())
    start = plain.index(b"ANMF") + 4
    length = int.from_bytes(plain[start : start + 4], "little")
    body = plain[start + 4 : start + 4 + length] + pictures.riff(b"HIDE", b"SECRET")
    data = pictures.webp(plain[12 : start - 4] + pictures.riff(b"ANMF", body) + plain[start + 4 + length :])
    assert stripped(data, "image/webp") == plain


@pytest.mark.parametrize("prefix", [b"", b"Exif\x00\x00"])
@pytest.mark.parametrize("turned", range(1, 9))
def test_orientation_is_written_and_read(turned, prefix):
    assert orientation.read(prefix + orientation.write(turned)) == turned
    assert orientation.read(pictures.exif(turned).tobytes()) == turned


@pytest.mark.parametrize(
    "exif", [b"", b"II", b"XX*\x00", b"MM\x00*\xff\xff\xff\xff", b"II*\x00\x08\x00\x00\x00\xff\xff"]
)
def test_a_broken_orientation_is_none(exif):
    assert orientation.read(exif) == 1
    assert orientation.read(orientation.write(9)) == 1
