import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect


@pytest.fixture
def page(page, kitchen) -> Page:
    page.goto(kitchen.get_absolute_url())
    return page


def texts(page: Page) -> list[str]:
    return page.locator("#todo-rows .text").all_inner_texts()


@pytest.mark.parametrize("key", ["n", "q"])
def test_add(page, key):
    page.keyboard.press(key)
    page.keyboard.type("just a quiet note/?")
    page.keyboard.press("Enter")
    expect(page.locator("#todo-rows .text").first).to_have_text("just a quiet note/?")


def test_walk_the_rows(page):
    links = page.locator("#todo-rows .text")
    for key, index in (("j", 0), ("j", 1), ("j", 2), ("j", 2), ("k", 1), ("k", 0), ("k", 0)):
        page.keyboard.press(key)
        expect(links.nth(index)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Measure the worktop")


def test_complete_and_undo(page):
    page.keyboard.press("j")
    page.keyboard.press("x")
    tick = page.get_by_role("button", name="Completed: Measure the worktop")
    expect(tick).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    page.keyboard.press("z")
    expect(tick).to_have_attribute("aria-pressed", "false")


@pytest.mark.slow
def test_edit_and_cancel(page):
    page.keyboard.press("j")
    page.keyboard.press("e")
    field = page.get_by_label("Text of the to-do")
    expect(field).to_be_focused()
    page.keyboard.type(" x")
    page.keyboard.press("Escape")
    expect(field).to_have_count(0)
    expect(page.locator("#todo-rows .text").first).to_be_focused()
    expect(page.locator("#todo-rows .text").first).to_have_text("Measure the worktop")


@pytest.mark.slow
def test_reorder(page):
    before = texts(page)
    page.keyboard.press("j")
    page.keyboard.press("Shift+J")
    expect(page.locator("#todo-rows .text").nth(1)).to_have_text(before[0])
    expect(page.locator("#todo-rows .text").nth(1)).to_be_focused()
    page.keyboard.press("Alt+ArrowDown")
    expect(page.locator("#todo-rows .text").nth(2)).to_have_text(before[0])
    page.keyboard.press("Shift+K")
    expect(page.locator("#todo-rows .text").nth(1)).to_have_text(before[0])


def test_search(page):
    page.keyboard.press("/")
    expect(page.get_by_label("Search this list")).to_be_focused()
    page.keyboard.type("tiles")
    expect(page.locator("#todo-rows .text")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator("#todo-rows .text")).to_have_count(3)
    expect(page.get_by_label("Search this list")).to_have_value("")
    expect(page).to_have_url(re.compile(r"/lists/\d+/$"))
    page.keyboard.press("j")
    expect(page.locator("#todo-rows .text").first).to_be_focused()


def test_escape_closes_what_was_opened_before_the_scripts_came(page):
    held: list[Route] = []
    page.route("**/js/escape.js", lambda route: held.append(route))  # noqa: PLW0108 - a handler must be a Python function
    search, menu = page.get_by_label("Search this list"), page.locator("#main details.menu").first

    def open_early(act: Callable[[], None]) -> None:
        with page.expect_request("**/js/escape.js"):
            page.reload(wait_until="commit")
        act()
        held.pop().continue_()
        expect(page.locator("[data-opens]").first).to_be_visible()
        page.keyboard.press("Escape")

    open_early(search.focus)
    expect(page.locator("#main")).to_be_focused()
    open_early(menu.locator("summary").first.click)
    expect(menu).not_to_have_attribute("open", "")


@pytest.mark.slow
def test_a_search_is_left_without_waiting(page):
    page.keyboard.press("/")
    page.keyboard.type("tiles")
    expect(page.locator("#todo-rows .text")).to_have_count(1)
    expect(page).to_have_url(re.compile(r"/lists/\d+/\?q=tiles$"))
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    expect(page.locator("#todo-rows .text")).to_have_count(3)
    expect(page.locator("#todo-rows .text", has_text="tiles")).to_be_focused()


@pytest.mark.slow
def test_help(page):
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keyboard")
    expect(dialog).to_be_visible()
    page.keyboard.press("n")
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


@pytest.mark.slow
def test_keys_with_modifiers_are_left_to_the_browser(page):
    page.keyboard.press("j")
    page.keyboard.press("Control+x")
    page.keyboard.press("Meta+e")
    expect(page.get_by_role("button", name="Completed: Measure the worktop")).to_have_attribute("aria-pressed", "false")
    expect(page.get_by_label("Text of the to-do")).to_have_count(0)


@pytest.mark.slow
def test_the_page_can_be_skipped_to(page):
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()
