"""From the refusal for want of room to the room."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.attaching import attached, choose, png, sending
from tests.todos.attachments.files import attach
from uploads.models import Usage


@pytest.mark.slow
def test_who_has_no_room_finds_the_way_to_free_some(page: Page, worktop, alice, watch, settings):
    attach(worktop, by=alice, name="old.png")
    settings.UPLOAD_QUOTA_BYTES = Usage.of(alice) + 1
    watch.foresee("409")
    page.goto(worktop.get_absolute_url())
    expect(attached(page)).to_have_count(1)
    choose(page, png("new.png"))
    expect(sending(page, "new.png")).to_contain_text("Permanently delete some of your files.")
    with page.expect_popup() as opened:
        sending(page, "new.png").get_by_role("link", name="See your files").click()
    files = opened.value
    files.get_by_role("button", name="Remove old.png").click()
    files.get_by_role("link", name="Delete permanently: old.png").click()
    files.get_by_role("button", name="Delete permanently").click()
    expect(files.get_by_text("“old.png” was permanently deleted")).to_be_visible()
    expect(files.get_by_text("0 bytes of")).to_be_visible()
    page.get_by_role("button", name="Try again: new.png").click()
    expect(sending(page, "new.png").get_by_role("link", name="See your files")).to_be_hidden()
    expect(page.locator("#sending .row")).to_have_count(0)  # it has arrived
