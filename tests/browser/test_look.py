"""Themes, phones and print."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE


def background(page: Page) -> str:
    colour: str = page.evaluate("getComputedStyle(document.body).backgroundColor")
    return colour


@pytest.mark.slow
def test_the_theme_is_in_the_page_before_it_is_painted(page, live_server):
    page.goto("/lists/")
    light = background(page)
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.get_by_role("button", name="Dark")).to_have_attribute("aria-pressed", "true")
    dark = background(page)
    assert dark != light
    assert '<html lang="en" data-theme="dark">' in page.request.get("/lists/").text()
    page.reload()
    assert background(page) == dark
    page.get_by_role("button", name="Match device").click()
    expect(page.locator("html:not([data-theme])")).to_have_count(1)
    page.emulate_media(color_scheme="dark")
    assert background(page) == dark


@pytest.mark.slow
def test_who_is_not_signed_in_keeps_a_theme_in_a_cookie(open_page, live_server):
    page = open_page()
    page.context.add_cookies([{"name": "theme", "value": "dark", "url": live_server.url}])
    page.goto("/accounts/login/")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


@pytest.mark.slow
@pytest.mark.parametrize(("theme", "device"), [("light", "dark"), ("dark", "light"), ("system", "dark")])
def test_the_operator_console_has_the_theme_of_the_member(open_page, staff, theme, device):
    staff.change_settings(theme=theme)
    page = open_page(staff, color_scheme=device)
    page.goto("/admin/")
    lightness = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/[0-9.]+/)[0]")
    assert (float(lightness) > 0.5) == ((device if theme == "system" else theme) == "light")
    expect(page.get_by_role("button", name="Toggle theme")).to_have_count(0)


@pytest.mark.slow
def test_the_lists_of_the_operator_console_have_room(open_page, staff, kitchen, alice):
    kitchen.add("Throw the old sockets away", by=alice).trash(by=alice)
    page = open_page(staff)
    for address in ("/admin/todos/todo/", "/admin/todos/todolist/", "/admin/accounts/user/"):
        page.goto(address)
        wide, room = page.locator("#result_list").evaluate(
            "(table) => [table.scrollWidth, table.parentElement.clientWidth]"
        )
        assert wide <= room, address


def test_the_drawer_on_a_phone(open_page, alice, kitchen):
    page = open_page(alice, viewport=PHONE)
    page.goto("/lists/")
    drawer = page.get_by_role("complementary", name="Navigation")
    expect(drawer).to_be_hidden()
    opener = page.get_by_role("button", name="Open navigation")
    opener.press("Enter")
    expect(drawer).to_be_visible()
    page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()
    expect(opener).to_be_focused()
    opener.click()
    page.mouse.click(380, 400)
    expect(drawer).to_be_hidden()
    opener.click()
    drawer.get_by_role("link", name="Flat renovation").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Flat renovation")
    expect(drawer).to_be_hidden()


@pytest.mark.slow
def test_rows_are_42_pixels_high_and_48_on_a_phone(open_page, alice, kitchen):
    page = open_page(alice)
    page.goto(kitchen.get_absolute_url())
    row = page.locator("#todo-rows .row", has_text="sockets")
    assert row.bounding_box()["height"] == pytest.approx(42, abs=1)
    page.set_viewport_size(PHONE)
    assert row.bounding_box()["height"] == pytest.approx(48, abs=1)


@pytest.mark.slow
def test_print_shows_the_to_dos_alone(page, kitchen):
    page.goto(kitchen.get_absolute_url())
    page.emulate_media(media="print")
    expect(page.locator("#side")).to_be_hidden()
    expect(page.locator("#add")).to_be_hidden()
    expect(page.locator("#todo-rows .text").first).to_be_visible()
