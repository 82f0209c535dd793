"""Files of a to-do in Chromium: sent with progress, on a bad line, pasted, dropped, seen; and without scripts."""

import re
from contextlib import suppress

import pytest
from playwright.sync_api import Error, Page, expect

from tests.browser.attaching import attached, choose, give_files, png, sending, slow_down, wait_for, watch_progress
from tests.browser.conftest import PHONE
from tests.browser.test_accessibility import violations
from tests.todos.files import PDF, arrived, attach, noise, picture
from todos.models import Attachment, Todo
from uploads.models import State, Upload
from workflows.testing import run_until_idle

WAITS_S = (1, 2, 4, 8, 8)


@pytest.fixture
def on_page(page, worktop) -> Page:
    page.goto(worktop.get_absolute_url())
    page.evaluate("window.marked = true")
    return page


def test_three_files_with_progress_become_attachments(on_page):
    page = on_page
    slow_down(page, 100_000)
    on_their_way = watch_progress(page)
    choose(page, *(png(f"{name}.png", noise(150, 150)) for name in ("one", "two", "three")))
    expect(sending(page, "one.png").get_by_role("progressbar", name="one.png")).to_be_visible()
    expect(page.get_by_text("Is being checked", exact=True)).to_have_count(3, timeout=20_000)
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
    expect(page.get_by_text("Is being checked", exact=True)).to_be_visible()
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
def test_cancelled_on_the_way(on_page):
    page = on_page
    slow_down(page, 8_000)
    choose(page, png("slow.png", noise(150, 150)), png("other.png", noise(150, 150)))
    expect(sending(page, "slow.png")).to_contain_text(re.compile("16 kB of 5"))
    page.get_by_role("button", name="Cancel slow.png").click()
    expect(sending(page, "slow.png")).to_have_count(0)
    expect(page.locator("#attach")).to_be_focused()
    page.get_by_role("button", name="Cancel other.png").click()
    expect(page.locator("#sending .row")).to_have_count(0)
    expect(page.locator("#file-rows")).to_have_count(0)
    wait_for(page, lambda: set(Upload.objects.values_list("state", flat=True)) == {State.DELETED})


@pytest.mark.slow
def test_cancelled_as_it_arrives(on_page, worktop):
    page, held = on_page, []
    pages = f"**/todos/{worktop.pk}/attachments/**"
    page.route(pages, lambda route: held.append(route))  # noqa: PLW0108 - Playwright marks what it is given
    choose(page, *(png(f"{number}.png") for number in range(9)))
    wait_for(page, lambda: held and Upload.objects.filter(state=State.VERIFYING).count() == 3)
    page.get_by_role("button", name="Cancel 0.png").click()
    page.unroute(pages)
    for route in held:
        with suppress(Error):  # the page has given it up
            route.continue_()
    wait_for(page, lambda: sorted(Upload.objects.values_list("state", flat=True)) == ["deleted", *["verifying"] * 8])


def test_a_broken_line_is_tried_again(on_page, watch):
    page = on_page
    watch.foresee("ERR_FAILED")
    tries = []

    def answer(route) -> None:
        tries.append(route.request.url)
        route.abort() if len(tries) == 1 else route.continue_()

    page.route("**/bytes/**", answer)
    choose(page, png())
    expect(sending(page, "plan.png")).to_contain_text("Next try in 1 s")
    expect(page.get_by_text("Is being checked", exact=True)).to_be_visible()
    assert len(tries) == 2
    assert Upload.objects.count() == 1


@pytest.mark.slow
def test_bytes_whose_answer_was_lost_are_not_sent_for_nothing(on_page, watch):
    page = on_page
    watch.foresee("ERR_FAILED|412")
    answers = []

    def answer(route) -> None:
        response = route.fetch()
        answers.append(response.status)
        route.abort() if len(answers) == 1 else route.fulfill(response=response)

    page.route("**/bytes/**", answer)
    choose(page, png())
    expect(page.get_by_text("Is being checked", exact=True)).to_be_visible()
    assert answers == [200, 412]


@pytest.mark.slow
def test_a_line_that_stays_broken_can_be_tried_by_hand(page, worktop, watch):
    watch.foresee("ERR_FAILED")
    page.clock.install()
    page.goto(worktop.get_absolute_url())
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.method == "PUT" else None)
    page.route("**/bytes/**", lambda route: route.abort())
    choose(page, png())
    for tries, seconds in enumerate(WAITS_S, 1):
        expect(sending(page, "plan.png")).to_contain_text(f"Next try in {seconds} s")
        while len(asked) < tries:  # the text is the same for the last two
            page.wait_for_timeout(10)
        page.clock.run_for(seconds * 1000)
    expect(sending(page, "plan.png")).to_contain_text("no answer. Nothing is lost")
    page.unroute("**/bytes/**")
    page.get_by_role("button", name="Try again: plan.png").click()
    expect(page.get_by_text("Is being checked", exact=True)).to_be_visible()
    assert Upload.objects.count() == 1


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["paste", "drop"])
def test_pasted_or_dropped(on_page, kind):
    give_files(on_page, kind, [png("from-there.png")])
    expect(on_page.get_by_text("Is being checked", exact=True)).to_be_visible()
    run_until_idle()
    expect(attached(on_page)).to_have_text("from-there.png")


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
    expect(sending(page, "drawing.svg")).to_contain_text("Only pictures")
    expect(sending(page, "empty.png")).to_contain_text("This file is empty.")
    expect(sending(page, "book.pdf").locator(".thumb use:visible")).to_have_attribute(
        "href", re.compile("#circle-alert")
    )
    expect(sending(page, "book.pdf")).to_contain_text(re.compile("It has 10 MB; at most 10.0\xa0MB are taken"))
    choose(page, {"name": "IMG_7.heic", "mimeType": "image/heic", "buffer": b"no picture"})
    expect(sending(page, "IMG_7.heic")).to_contain_text("This browser cannot read this kind of picture.")
    page.get_by_role("button", name="Cancel drawing.svg").click()
    expect(page.locator("#sending .row")).to_have_count(3)
    assert [url for url in asked if "/uploads/" in url] == []


@pytest.mark.slow
def test_a_large_photo_is_made_smaller_unless_refused(page, worktop, settings):
    settings.UPLOAD_MAX_BYTES = 400_000
    photo = png("photo.png", noise(900, 600))
    page.goto(worktop.get_absolute_url())
    box = page.get_by_label("Make pictures smaller")
    box.uncheck()
    choose(page, photo)
    expect(sending(page, "photo.png")).to_contain_text("Let pictures be made smaller")
    box.check()
    choose(page, photo)
    expect(page.get_by_text("Is being checked", exact=True)).to_be_visible()
    run_until_idle()
    expect(attached(page)).to_have_text("photo.webp")
    upload = Upload.objects.get()
    assert upload.stored_size <= 400_000
    assert (upload.width, upload.height) == (900, 600)


@pytest.mark.slow
def test_a_file_that_is_not_what_it_says_is_refused_with_the_reason(on_page):
    page = on_page
    choose(page, png("page.png", b"<html><script>alert(1)</script></html>"))
    expect(page.get_by_text("Is being checked", exact=True)).to_be_visible()
    run_until_idle()
    row = page.locator("#file-rows .row", has_text="page.png")
    expect(row.locator(".note.bad")).to_be_visible()
    row.get_by_role("button", name="Dismiss page.png").click()
    expect(page.locator("#file-rows")).to_have_count(0)


@pytest.mark.slow
def test_the_dialog_by_keyboard(on_page, worktop, alice):
    page = on_page
    for name in ("one.png", "two.png", "three.png"):
        attach(worktop, by=alice, name=name)
    attach(worktop, by=alice, name="offer.pdf", data=PDF, type="application/pdf")
    Attachment.objects.first().set_caption("Seen from the window", by=alice)
    page.reload()
    page.get_by_role("link", name="one.png").focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="one.png")
    expect(dialog.get_by_role("img", name="Seen from the window")).to_be_visible()
    expect(dialog).to_contain_text("1 of 3")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("dialog", name="three.png").get_by_role("img", name="three.png")).to_be_visible()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("dialog", name="two.png")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("link", name="two.png")).to_be_focused()
    page.keyboard.press("Shift+K")
    expect(attached(page)).to_have_text(["two.png", "one.png", "three.png", "offer.pdf"])
    expect(page.get_by_role("link", name="two.png")).to_be_focused()


@pytest.mark.slow
def test_removed_and_brought_back(on_page, worktop, alice):
    page = on_page
    attach(worktop, by=alice, name="plan.png")
    page.reload()
    page.get_by_label("Actions for plan.png").click()
    page.get_by_role("button", name="Remove").click()
    expect(attached(page)).to_have_count(0)
    expect(page.locator("#history")).to_contain_text("removed “plan.png”")
    page.get_by_role("button", name="Undo").click()
    expect(attached(page)).to_have_text("plan.png")
    page.get_by_label("Actions for plan.png").click()
    page.get_by_role("button", name="Remove").click()
    page.get_by_text("1 removed file").click()
    page.get_by_role("button", name="Restore plan.png").click()
    expect(attached(page)).to_have_text("plan.png")


def test_without_scripts(open_page, alice, worktop):
    page = open_page(alice, java_script_enabled=False)
    page.goto(worktop.get_absolute_url())
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
    expect(page.locator("#toast")).to_contain_text("Only pictures")


@pytest.mark.slow
def test_list_pages_show_count_and_picture(page, kitchen, worktop, alice):
    attach(worktop, by=alice, name="offer.pdf", data=PDF, type="application/pdf")
    attach(worktop, by=alice)
    page.goto(kitchen.get_absolute_url())
    row = page.locator(f"#todo-{worktop.pk}")
    expect(row.locator(".row-files")).to_have_text(re.compile("2"))
    assert row.locator("img").evaluate("image => image.decode().then(() => image.naturalWidth)") > 0


@pytest.fixture
def full(worktop, alice) -> Todo:
    """A to-do with everything that its page can show of files."""
    attach(
        worktop, by=alice, name="Kitchen from the window.jpg", data=picture(900, 500, kind="JPEG"), type="image/jpeg"
    )
    attach(worktop, by=alice, name="offer.pdf", data=PDF, type="application/pdf")
    attach(worktop, by=alice, name=f"{'Donaudampfschifffahrt' * 6}.png").set_caption(
        "A caption that goes on " * 6, by=alice
    )
    attach(worktop, by=alice, name="old.png").trash(by=alice)
    arrived(worktop, b"<html>", by=alice, name="page.png")
    run_until_idle()
    arrived(worktop, b"<html>", by=alice, name="new.png")
    return worktop


@pytest.mark.slow
def test_axe_finds_nothing(open_page, alice, full):
    page = open_page(alice, bypass_csp=True)
    page.goto(full.get_absolute_url())
    page.route("**/uploads/", lambda _route: None)
    choose(page, png("waits.png"), {"name": "waits.pdf", "mimeType": "application/pdf", "buffer": PDF})
    for name, kind in (("waits.png", "#image"), ("waits.pdf", "#file-text")):
        icon = sending(page, name).locator(".thumb use:visible")
        expect(icon).to_have_attribute("href", re.compile(f"{kind}$"))
    choose(page, {"name": "a.txt", "mimeType": "text/plain", "buffer": b"x"})
    page.get_by_text("1 removed file").click()
    page.get_by_text("Add a caption: offer.pdf").click()
    found = violations(page)
    page.get_by_role("link", name="Kitchen from the window.jpg").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    found += violations(page)
    assert found == []


@pytest.mark.slow
@pytest.mark.parametrize("width", [320, 390])
def test_a_phone_shows_all_of_it(open_page, alice, full, width):
    page = open_page(alice, viewport=PHONE | {"width": width}, has_touch=True, is_mobile=True)
    page.goto(full.get_absolute_url())
    expect(page.get_by_text("Take a photo")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.locator("#attach-photo").set_input_files([png("photo.png")])
    expect(page.get_by_text("Is being checked", exact=True)).to_have_count(2)
    page.get_by_role("link", name="Kitchen from the window.jpg").tap()
    expect(page.get_by_role("dialog").get_by_role("img")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
