"""What holds of every page of a member and of a visitor, looked at in one walk: no width, no theme makes it worse."""

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import DESKTOP
from tests.browser.pages import ANONYMOUS, populate, serve_errors
from tests.browser.test_accessibility import violations

INLINE = (" style=", "<style", " onclick=")


@pytest.mark.slow
@pytest.mark.parametrize("signed_in", [True, False])
def test_every_page_fits_is_accessible_and_has_nothing_inline(open_page, alice, kitchen, signed_in):
    addresses = populate(kitchen, owner=alice) if signed_in else ANONYMOUS
    page = open_page(alice if signed_in else None, bypass_csp=True)
    serve_errors(page)
    found = []
    for address in addresses:
        page.goto(address)
        found += too_wide(page) + violations(page)
        if not address.startswith("/error/"):
            found += inline(page)
    assert found == []


def too_wide(page: Page) -> list[str]:
    found = []
    for width in (320, 390, 768):
        page.set_viewport_size({"width": width, "height": 640})
        wide = page.evaluate("document.documentElement.scrollWidth")
        found += [f"{page.url} is {wide} pixels wide in {width}"] if wide > width else []
    page.set_viewport_size(DESKTOP)
    return found


def inline(page: Page) -> list[str]:
    html = page.request.get(page.url).text()
    return [f"{page.url} has {part!r} in it" for part in INLINE if part in html]
