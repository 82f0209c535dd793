"""Names that browsers and enemies send, and the headers that files are served with."""

import pytest

from tests.uploads.pictures import PICTURES
from uploads.kinds import Type
from uploads.verifying import clean_name, content_disposition, serving_headers


@pytest.mark.parametrize(
    ("name", "cleaned"),
    [
        ("photo.jpg", "photo.jpg"),
        ("Größe 10 €.png", "Größe 10 €.png"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\windows\\win.ini", "win.ini"),
        ("C:\\fakepath\\photo.jpg", "photo.jpg"),
        ("photos/", "photos"),
        ("/", "file"),
        ("..", "file"),
        ("...", "file"),
        ("", "file"),
        ("   ", "file"),
        ("\x00\x01", "file"),
        ("\u200d\u200d", "file"),
        ("a.png\x00.html", "a.png.html"),
        ("a\r\nSet-Cookie: x=1.png", "aSet-Cookie: x=1.png"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("\u2066a\u2069\u200e\u200f\u061c.png", "a.png"),
        ("a\u2028b\u2029c.png", "abc.png"),
        ("\ufeffa.png", "a.png"),
        ("a\ud800b.png", "ab.png"),
        (".htaccess", "htaccess"),
        ("..htaccess", "htaccess"),
        (" .htaccess", "htaccess"),
        ("\u202e.htaccess", "htaccess"),
        ("a.png. . ", "a.png"),
        ("a  \u00a0 b.png", "a b.png"),
        ("u\u0308ber.png", "über.png"),
        ("👩\u200d👧.png", "👩\u200d👧.png"),
    ],
)
def test_a_name_is_made_safe(name, cleaned):
    assert clean_name(name) == cleaned
    assert clean_name(cleaned) == cleaned


@pytest.mark.parametrize("char", ["a", "ü", "語", "🌊"])
@pytest.mark.parametrize("suffix", [".jpeg", ""])
def test_a_long_name_is_cut_and_keeps_its_suffix(char, suffix):
    name = clean_name(char * 300 + suffix)
    assert 248 <= len(name.encode()) <= 255
    assert name == char * ((255 - len(suffix)) // len(char.encode())) + suffix


def test_a_suffix_that_is_none_is_cut_as_well():
    assert clean_name("a." + "b" * 300) == "a." + "b" * 253
    assert len(clean_name("." * 300 + "é" * 300, type="image/png").encode()) <= 255


@pytest.mark.parametrize(
    ("name", "type", "fitting"),
    [
        ("a.png", "image/png", "a.png"),
        ("a.PNG", "image/png", "a.PNG"),
        ("a.jpeg", "image/jpeg", "a.jpeg"),
        ("photo.exe", "image/png", "photo.exe.png"),
        ("evil.html", "application/pdf", "evil.html.pdf"),
        ("a.jpg", "image/webp", "a.jpg.webp"),
        ("", "image/avif", "file.avif"),
        (".png", "image/png", "png.png"),
        ("a.html" + " " * 300 + ".png", "image/png", "a.html .png"),
    ],
)
def test_a_name_ends_as_its_type_does(name, type, fitting):
    assert clean_name(name, type=type) == fitting


@pytest.mark.parametrize("type", Type.values)
def test_a_long_name_keeps_the_suffix_of_its_type(type):
    name = clean_name("x" * 300 + ".html", type=type)
    assert len(name.encode()) == 255
    assert name.endswith(clean_name("", type=type).removeprefix("file"))


@pytest.mark.parametrize("inline", [True, False])
@pytest.mark.parametrize(
    "name", ["../../etc/passwd", 'a"b.png', "a\r\nX: y", "ü\u202e.png", "", "a\\b;c.png", "a%0d.png"]
)
def test_a_disposition_is_one_line_of_ascii_with_the_clean_name(name, inline):
    header = content_disposition(name, inline=inline)
    assert header.startswith("inline; " if inline else "attachment; ")
    assert header.isascii()
    assert header.isprintable()
    assert "/" not in header
    assert ".." not in header


@pytest.mark.parametrize("type", PICTURES)
def test_pictures_are_shown_and_cannot_do_anything(type):
    headers = serving_headers(type, "a.html")
    assert headers["Content-Type"] == type
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert headers["Content-Disposition"].startswith("attachment" if type == "image/avif" else "inline")
    assert ".html." in headers["Content-Disposition"]


@pytest.mark.parametrize("type", ["application/pdf", "text/html", "image/svg+xml", ""])
def test_anything_else_is_downloaded(type):
    headers = serving_headers(type, "a")
    assert headers["Content-Disposition"].startswith("attachment")
    assert headers["Content-Type"] in {"application/pdf", "application/octet-stream"}
