"""axe-core finds nothing to say about any page, in light and in dark."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE
from tests.browser.pages import ANONYMOUS, populate, serve_errors

AXE = Path(__file__).parent.parent / "assets" / "axe.min.js"
RUN = "async () => (await axe.run()).violations.map(v => `${v.id}: ${v.nodes.map(n => n.html.slice(0, 200)).join(' | ')}`)"

pytestmark = pytest.mark.parametrize("theme", ["light", "dark"])


def violations(page: Page) -> list[str]:
    page.add_script_tag(path=AXE)
    found: list[str] = page.evaluate(RUN)
    return [f"{page.url} {violation}" for violation in found]


def test_pages_of_a_member(open_page, alice, kitchen, theme):
    addresses = populate(kitchen, owner=alice)
    page = open_page(alice, color_scheme=theme, bypass_csp=True)
    serve_errors(page)
    found = []
    for address in addresses:
        page.goto(address)
        found += violations(page)
    assert found == []


def test_pages_of_a_reader_and_of_nobody(open_page, carol, kitchen, theme):
    page = open_page(carol, color_scheme=theme, bypass_csp=True)
    found = []
    for address in (kitchen.get_absolute_url(), kitchen.todos.first().get_absolute_url(), "/trash/"):
        page.goto(address)
        found += violations(page)
    page = open_page(color_scheme=theme, bypass_csp=True)
    for address in ANONYMOUS:
        page.goto(address)
        found += violations(page)
    assert found == []


def test_what_opens_on_a_page(open_page, alice, kitchen, theme):
    page = open_page(alice, color_scheme=theme, bypass_csp=True)
    page.goto(kitchen.get_absolute_url())
    page.get_by_role("button", name="Completed: Measure the worktop").click()
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    found = violations(page)
    page.locator("#todo-rows .row").nth(1).get_by_label("Actions for").click(force=True)
    found += violations(page)
    page.locator(".menu[open]").get_by_role("link", name="Edit").click()
    expect(page.get_by_label("Text of the to-do")).to_be_visible()
    found += violations(page)
    page.keyboard.press("Escape")
    expect(page.get_by_label("Text of the to-do")).to_have_count(0)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    found += violations(page)
    assert found == []


def test_phone(open_page, alice, kitchen, theme):
    page = open_page(alice, color_scheme=theme, bypass_csp=True, viewport=PHONE, has_touch=True)
    page.goto(kitchen.get_absolute_url())
    found = violations(page)
    page.get_by_role("button", name="Open the navigation").click()
    expect(page.get_by_role("complementary", name="Navigation")).to_be_visible()
    found += violations(page)
    assert found == []


def test_pages_of_the_operator(open_page, staff, theme):
    page = open_page(staff, color_scheme=theme, bypass_csp=True)
    found = []
    for address in ("/admin/", "/admin/mail/"):
        page.goto(address)
        found += violations(page)
    assert found == []
