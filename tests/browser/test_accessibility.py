"""axe-core finds nothing to say, in light and in dark; test_every_page asks it about all pages of a member."""

from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from accounts.limits import notes
from tests.browser.conftest import PHONE

AXE = Path(__file__).parent.parent / "assets" / "axe.min.js"
RUN = """async () => (await axe.run({resultTypes: ["violations"]})).violations.map(
  violation => `${violation.id}: ${violation.nodes.map(node => node.html.slice(0, 200)).join(" | ")}`
)"""


def violations(page: Page, *, themes: tuple[Literal["light", "dark"], ...] = ("light", "dark")) -> list[str]:
    page.add_script_tag(path=AXE)
    found = []
    for theme in themes:
        page.emulate_media(color_scheme=theme)
        found += [f"{page.url} in {theme}: {violation}" for violation in page.evaluate(RUN)]
    return found


@pytest.mark.slow
def test_pages_of_a_reader(open_page, carol, kitchen):
    page = open_page(carol, bypass_csp=True)
    found = []
    for address in (kitchen.get_absolute_url(), kitchen.todos.first().get_absolute_url(), "/trash/"):
        page.goto(address)
        found += violations(page)
    assert found == []


@pytest.mark.slow
def test_what_opens_on_a_page(open_page, alice, kitchen):
    page = open_page(alice, bypass_csp=True)
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


@pytest.mark.slow
def test_phone(open_page, alice, kitchen):
    page = open_page(alice, bypass_csp=True, viewport=PHONE, has_touch=True)
    page.goto(kitchen.get_absolute_url())
    found = violations(page)
    page.get_by_role("button", name="Open navigation").click()
    expect(page.get_by_role("complementary", name="Navigation")).to_be_visible()
    found += violations(page)
    assert found == []


@pytest.mark.slow
def test_pages_of_the_operator(open_page, staff, alice):
    notes.note("some-counter", name="sign_in", person=alice, address=None, seconds=600)
    found = []
    for theme in ("light", "dark"):
        # Opened in its theme: Django's admin fades from one to the other, whatever a person prefers.
        page = open_page(staff, bypass_csp=True, color_scheme=theme)
        for address in ("/admin/", "/admin/mail/", "/admin/todos/todo/", "/admin/accounts/user/limits/"):
            page.goto(address)
            found += violations(page, themes=(theme,))
    assert found == []
