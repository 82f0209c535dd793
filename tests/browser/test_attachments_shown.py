"""Files that a to-do has: seen in the dialog, moved, removed, in lists, on a phone, by axe."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.attaching import attached, choose, png, sending
from tests.browser.conftest import PHONE
from tests.browser.test_accessibility import violations
from tests.todos.attachments.files import PDF, arrived, attach, picture
from todos.models import Attachment, Todo
from workflows.testing import run_until_idle


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


def test_escape_leaves_one_level_at_a_time(on_page, worktop, alice):
    page = on_page
    attach(worktop, by=alice, name="one.png")
    page.reload()
    caption = page.locator("details.caption")
    menu = page.locator("#file-rows details.menu")
    caption.locator("summary").click()
    menu.locator("summary").click()
    expect(menu).to_have_attribute("open", "")
    page.keyboard.press("Escape")
    expect(menu).not_to_have_attribute("open", "")
    expect(caption).to_have_attribute("open", "")
    page.keyboard.press("Escape")
    expect(caption).not_to_have_attribute("open", "")
    expect(caption.locator("summary")).to_be_focused()


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
    expect(page.get_by_text("Checking", exact=True)).to_have_count(2)
    page.get_by_role("link", name="Kitchen from the window.jpg").tap()
    expect(page.get_by_role("dialog").get_by_role("img")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.slow
def test_a_long_name_leaves_room_for_the_picture(open_page, alice, worktop):
    name = f"{'Donaudampfschifffahrt' * 10}.png"
    attach(worktop, by=alice, name=name)
    page = open_page(alice, viewport=PHONE)
    page.goto(worktop.get_absolute_url())
    page.get_by_role("link", name=name).click()
    heading = page.get_by_role("dialog", name=name).get_by_role("heading")
    expect(heading).to_have_attribute("title", name)
    lines = "heading => heading.clientHeight / parseFloat(getComputedStyle(heading).lineHeight)"
    assert round(heading.evaluate(lines)) == 2
