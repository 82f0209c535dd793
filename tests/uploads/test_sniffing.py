"""What is not the file that it says it is: refused, and with which reason."""

import io
import zipfile

import pytest

from tests.uploads import pictures
from tests.uploads.looking import reason
from uploads.kinds import Type
from uploads.reasons import Reason
from uploads.verifying import Rejected, examine
from uploads.verifying.sniffing import sniff

HTML = b"<!DOCTYPE html><script>alert(document.domain)</script>"
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(/etc/passwd) run\n"
HEIC = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(64)


def archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as opened:
        opened.writestr("evil.html", HTML)
    return out.getvalue()


def sample(type: str) -> bytes:
    return pictures.PDF if type == "application/pdf" else pictures.picture(type)


@pytest.mark.parametrize("type", Type.values)
def test_each_type_is_known_by_its_first_bytes(type):
    assert sniff(sample(type)) == type
    assert examine(io.BytesIO(sample(type)), declared=type, size=len(sample(type))).type == type


@pytest.mark.parametrize("declared", Type.values)
@pytest.mark.parametrize(
    "data",
    [HTML, SVG, EPS, archive(), HEIC, b"\x00" * 99, b"\n" + pictures.PDF, b"GIF88a" + bytes(99), b"RIFF\x04\0\0\0WAVE"],
    ids=["html", "svg", "eps", "zip", "heic", "zeros", "pdf not at 0", "gif 88", "wave"],
)
def test_other_files_are_refused_whatever_they_say(data, declared):
    assert reason(data, declared) == Reason.NOT_WHAT_IT_SAYS


@pytest.mark.parametrize("declared", Type.values)
def test_one_allowed_type_as_another_is_refused(declared):
    for type in set(Type.values) - {declared}:
        assert reason(sample(type), declared) == Reason.NOT_WHAT_IT_SAYS


@pytest.mark.parametrize("declared", ["image/svg+xml", "text/html", "image/heic", "", "image/*", "image/png; x=y"])
@pytest.mark.parametrize("data", [SVG, sample(Type.PNG)], ids=["svg", "png"])
def test_types_that_are_not_allowed_are_refused(data, declared):
    assert reason(data, declared) == Reason.NOT_WHAT_IT_SAYS


@pytest.mark.parametrize("type", Type.values)
def test_the_size_has_to_be_the_announced_one(type):
    data = sample(type)
    assert reason(b"", type) == Reason.EMPTY
    for size in (len(data) - 1, len(data) + 1):
        with pytest.raises(Rejected) as caught:
            examine(io.BytesIO(data), declared=type, size=size)
        assert caught.value.reason == Reason.WRONG_SIZE


@pytest.mark.parametrize("tail", [HTML, archive(), b"\x00", b"\n<script>", pictures.PDF])
@pytest.mark.parametrize("type", ["image/png", "image/gif", "image/webp"])
def test_nothing_may_follow_the_end_of_a_picture(type, tail):
    assert reason(sample(type) + tail, type) == Reason.TRAILING_DATA


@pytest.mark.parametrize("tail", [HTML, archive(), b"\n<script>", pictures.PDF, pictures.picture("image/jpeg")])
def test_nothing_may_follow_the_end_of_a_jpeg(tail):
    assert reason(sample("image/jpeg") + tail, "image/jpeg") == Reason.TRAILING_DATA


@pytest.mark.parametrize("tail", [HTML, archive(), b"\n<script>"])
def test_nothing_may_follow_the_end_of_a_pdf(tail):
    assert reason(pictures.PDF + tail, "application/pdf") == Reason.TRAILING_DATA


def test_line_ends_may_follow_the_end_of_a_pdf():
    data = pictures.PDF + b"\r\n\n\x00"
    assert examine(io.BytesIO(data), declared="application/pdf", size=len(data)).width is None


@pytest.mark.parametrize("tail", [HTML, archive(), b"\x00\x00\x00\x10<htm" + bytes(8)])
def test_nothing_may_follow_the_end_of_an_avif(tail):
    assert reason(sample("image/avif") + tail, "image/avif") in {Reason.TRAILING_DATA, Reason.TRUNCATED}


@pytest.mark.parametrize("hidden", [b"tEXt", b"iTXt", b"prVt"])
def test_html_inside_a_png_is_not_stored(hidden):
    """It is a whole PNG, so it is let through; what is stored of it holds the picture only."""
    from uploads.verifying import strip

    data, out = pictures.png(before=pictures.chunk(hidden, b"x\x00" + HTML)), io.BytesIO()
    examine(io.BytesIO(data), declared="image/png", size=len(data))
    assert strip(io.BytesIO(data), type="image/png", out=out)
    assert HTML not in out.getvalue()


def test_html_behind_the_compressed_rows_is_refused():
    rows = pictures.png()
    start = rows.index(b"IDAT") - 4
    end = rows.index(b"IEND") - 4
    hidden = rows[:start] + pictures.chunk(b"IDAT", rows[start + 8 : end - 4] + HTML) + rows[end:]
    assert reason(hidden, "image/png") == Reason.TRAILING_DATA
    second = rows[:end] + pictures.chunk(b"IDAT", HTML) + rows[end:]
    assert reason(second, "image/png") == Reason.TRAILING_DATA


@pytest.mark.parametrize("type", Type.values)
def test_a_file_that_was_cut_anywhere_is_refused(type):
    data = sample(type)
    for length in sorted({len(data) * part // 24 for part in range(1, 24)} | {len(data) - 1, len(data) - 4}):
        if type == "application/pdf" and data[:length].rstrip().endswith(b"%%EOF"):
            continue
        allowed = {Reason.TRUNCATED, Reason.UNREADABLE, Reason.NOT_WHAT_IT_SAYS}
        assert reason(data[:length], type) in allowed, length
    assert reason(data[: len(data) * 3 // 4], type) == Reason.TRUNCATED
