"""Files of a to-do in Chromium: chosen, pasted, dropped, sent with progress; and without scripts."""

import re

import pytest
from django.template.defaultfilters import filesizeformat
from PIL import Image
from playwright.sync_api import expect

from tests.browser.attaching import attached, choose, give_files, png, sending, slow_down, watch_progress
from tests.todos.attachments.files import PDF, attach, noise
from tests.uploads import pictures
from todos.attachments import page as files_page
from uploads.models import Upload
from workflows.testing import run_until_idle


def test_three_files_with_progress_become_attachments(on_page):
    page = on_page
    slow_down(page, 100_000)
    on_their_way = watch_progress(page)
    choose(page, *(png(f"{name}.png", noise(150, 150)) for name in ("one", "two", "three")))
    expect(sending(page, "one.png").get_by_role("progressbar", name="one.png")).to_be_visible()
    expect(page.get_by_text("Checking", exact=True)).to_have_count(3, timeout=20_000)
    expect(page.locator("#sending .row")).to_have_count(0)
    assert any(0 < value < 100 for values in on_their_way().values() for value in values)
    run_until_idle()
    expect(attached(page)).to_have_count(3)
    assert sorted(attached(page).all_inner_texts()) == ["one.png", "three.png", "two.png"]  # by who was checked first
    expect(page.locator("#file-rows img")).to_have_count(3)
    expect(page.locator("#history")).to_contain_text("attached “three.png”")
    assert page.evaluate("window.marked === true")


@pytest.mark.slow
def test_what_is_typed_meanwhile_stays(on_page, worktop, alice):
    attach(worktop, by=alice, name="first.png")
    page = on_page
    page.reload()
    page.get_by_label("Notes").fill("Half a thought")
    choose(page, png("second.png"))
    expect(page.get_by_text("Checking", exact=True)).to_be_visible()
    page.get_by_text("Add a caption: first.png").click()
    page.get_by_label("Caption of first.png").press_sequentially("Before the wall")
    run_until_idle()
    expect(attached(page)).to_have_count(2)
    expect(page.get_by_label("Caption of first.png")).to_have_value("Before the wall")
    expect(page.get_by_label("Notes")).to_have_value("Half a thought")
    page.get_by_label("Caption of first.png").press("Enter")
    expect(page.locator("details.caption").first).to_contain_text("Before the wall")
    expect(page.locator("details.caption[open]")).to_have_count(0)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["paste", "drop"])
def test_pasted_or_dropped(on_page, kind):
    give_files(on_page, kind, [png("from-there.png")])
    expect(on_page.get_by_text("Checking", exact=True)).to_be_visible()
    run_until_idle()
    expect(attached(on_page)).to_have_text("from-there.png")


@pytest.mark.slow
def test_what_cannot_be_attached_is_not_sent(on_page, settings):
    page = on_page
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    choose(
        page,
        {"name": "drawing.svg", "mimeType": "image/svg+xml", "buffer": b"<svg/>"},
        {"name": "empty.png", "mimeType": "image/png", "buffer": b""},
        {"name": "book.pdf", "mimeType": "application/pdf", "buffer": PDF + b"\0" * settings.UPLOAD_MAX_BYTES},
    )
    expect(sending(page, "drawing.svg")).to_contain_text("Only images")
    expect(sending(page, "empty.png")).to_contain_text("This file is empty.")
    expect(sending(page, "book.pdf").locator(".thumb use:visible")).to_have_attribute(
        "href", re.compile("#circle-alert")
    )
    expect(sending(page, "book.pdf")).to_contain_text("This file is larger than 10.0\xa0MB")
    choose(page, {"name": "IMG_7.heic", "mimeType": "image/heic", "buffer": b"no picture"})
    expect(sending(page, "IMG_7.heic")).to_contain_text("This browser can't read this format.")
    log = page.get_by_role("log").locator("p")
    expect(log).to_have_count(4)
    expect(log.nth(1)).to_have_text("empty.png was not sent. This file is empty.")
    page.get_by_role("button", name="Dismiss drawing.svg").click()
    expect(page.locator("#sending .row")).to_have_count(3)
    assert [url for url in asked if "/uploads/" in url] == []


def test_a_picture_of_another_kind_says_what_would_help(on_page):
    page = on_page
    page.get_by_label("Shrink images").uncheck()
    choose(page, {"name": "IMG_7.heic", "mimeType": "image/heic", "buffer": b"no picture"})
    expect(sending(page, "IMG_7.heic")).to_contain_text("has to be converted first. Turn on “Shrink images”")


def test_sizes_read_as_those_of_the_server(on_page):
    sizes = [0, 1, 2, 1023, 1024, 1280, 1792, 8500, 67_890, 1024**2 - 1, 1024**2, 10 * 1024**2, 3 * 1024**3]
    shown = on_page.evaluate(
        """async (sizes) => {
            const { written } = await import("/static/js/sizes.js");
            const samples = JSON.parse(document.getElementById("sending-words").textContent).sizes;
            return sizes.map((size) => written(size, samples));
        }""",
        sizes,
    )
    assert shown == [filesizeformat(size) for size in sizes]


@pytest.mark.slow
def test_a_large_photo_is_made_smaller_unless_refused(page, worktop, settings):
    settings.UPLOAD_MAX_BYTES = 400_000
    photo = png("photo.png", noise(900, 600))
    page.goto(worktop.get_absolute_url())
    box = page.get_by_label("Shrink images")
    box.uncheck()
    choose(page, photo)
    expect(sending(page, "photo.png")).to_contain_text("Turn on “Shrink images”")
    box.check()
    choose(page, photo)
    expect(page.get_by_text("Checking", exact=True)).to_be_visible()
    run_until_idle()
    expect(attached(page)).to_have_text("photo.webp")
    upload = Upload.objects.get()
    assert upload.stored_size <= 400_000
    assert (upload.width, upload.height) == (900, 600)


@pytest.mark.slow
def test_cancelled_while_it_is_made_smaller(page, worktop, settings):
    settings.UPLOAD_MAX_BYTES = 100_000
    page.goto(worktop.get_absolute_url())
    page.evaluate("""() => {
        const draw = window.createImageBitmap;
        const held = new Promise((resolve) => { window.goOn = resolve; });
        window.createImageBitmap = (...given) => held.then(() => draw(...given));
    }""")
    choose(page, png("large.png", noise(300, 300)))
    expect(sending(page, "large.png")).to_contain_text("Shrinking")
    page.get_by_role("button", name="Cancel large.png").click()
    page.evaluate("window.goOn()")
    choose(page, png("small.png"), png("large-too.png", noise(300, 300)))  # which is as slow
    expect(page.get_by_text("Checking", exact=True)).to_have_count(2)
    assert sorted(Upload.objects.values_list("name", flat=True)) == ["large-too.webp", "small.png"]


@pytest.mark.slow
def test_a_file_that_is_not_what_it_says_is_refused_with_the_reason(on_page):
    page = on_page
    choose(page, png("page.png", b"<html><script>alert(1)</script></html>"))
    expect(page.get_by_text("Checking", exact=True)).to_be_visible()
    run_until_idle()
    row = page.locator("#file-rows .row", has_text="page.png")
    expect(row.locator(".note.bad")).to_be_visible()
    row.get_by_role("button", name="Dismiss page.png").click()
    expect(page.locator("#file-rows")).to_have_count(0)


@pytest.mark.slow
def test_without_scripts(open_page, alice, worktop):
    page = open_page(alice, java_script_enabled=False)
    page.goto(worktop.get_absolute_url())
    expect(page.get_by_text("At most 6 files at a time.")).to_be_visible()
    choose(page, png("one.png"), {"name": "page.png", "mimeType": "image/png", "buffer": b"<html>"})
    page.get_by_role("button", name="Attach").click()
    expect(page.get_by_text("2 files are being checked.").first).to_be_visible()
    run_until_idle()
    page.get_by_role("link", name="Refresh").click()
    expect(attached(page)).to_have_text("one.png")
    page.get_by_role("button", name="Dismiss page.png").click()
    page.get_by_text("Add a caption: one.png").click()
    page.get_by_label("Caption of one.png").fill("The plan")
    page.locator(".caption-form").get_by_role("button", name="Save").click()
    expect(page.locator("details.caption")).to_contain_text("The plan")
    page.get_by_label("Actions for one.png").click()
    page.get_by_role("button", name="Remove").click()
    page.get_by_role("button", name="Undo").click()
    expect(attached(page)).to_have_text("one.png")
    choose(page, {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"x"})
    page.get_by_role("button", name="Attach").click()
    expect(page.locator("#toast")).to_contain_text("Only images")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("type", "options"),
    [
        ("image/png", {}),
        ("image/jpeg", {"progressive": True}),
        ("image/webp", {}),
        ("image/webp", {"lossless": True}),
        ("image/webp", {"exif": pictures.exif(6)}),
        ("image/avif", {}),
    ],
)
def test_a_picture_of_too_many_pixels_is_made_smaller_unless_refused(page, worktop, monkeypatch, type, options):
    data = pictures.picture(type, of=Image.new("RGB", (80, 60)), **options)
    photo = {"name": "photo", "mimeType": type, "buffer": data}
    monkeypatch.setattr(files_page, "MOST_PIXELS", {type: 80 * 60 - 1})
    page.goto(worktop.get_absolute_url())
    page.get_by_label("Shrink images").uncheck()
    choose(page, photo)
    expect(sending(page, "photo")).to_contain_text("This image has too many pixels.")
    page.get_by_label("Shrink images").check()
    choose(page, photo)
    expect(page.get_by_text("Checking", exact=True)).to_be_visible()
    assert Upload.objects.get().size != len(data)
    monkeypatch.setattr(files_page, "MOST_PIXELS", {type: 80 * 60})
    page.reload()
    choose(page, photo)
    expect(page.get_by_text("Checking", exact=True)).to_have_count(2)
    assert Upload.objects.latest("created_at").size == len(data)


@pytest.mark.slow
def test_a_gif_of_too_many_pixels_is_not_sent_as_it_is_never_drawn_anew(page, worktop, monkeypatch):
    data = pictures.picture("image/gif", of=Image.new("P", (80, 60)))
    gif = {"name": "moves.gif", "mimeType": "image/gif", "buffer": data}
    monkeypatch.setattr(files_page, "MOST_PIXELS", {"image/gif": 80 * 60 - 1})
    page.goto(worktop.get_absolute_url())
    choose(page, gif)
    expect(sending(page, "moves.gif")).to_contain_text(
        "This image has too many pixels. Make it smaller and choose it again."
    )
    assert not Upload.objects.exists()
    monkeypatch.setattr(files_page, "MOST_PIXELS", {"image/gif": 80 * 60})
    page.reload()
    choose(page, gif)
    expect(page.get_by_text("Checking", exact=True)).to_be_visible()
