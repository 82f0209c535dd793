"""Adding many lines, with JavaScript and without; a worker is there when the test lets it work."""

import re

import pytest
from playwright.sync_api import Page, expect

from todos.models import BulkAdd
from workflows.testing import run_until_idle

LINES = "Buy grout\n\nBuy primer\nx\x01\nBuy tape"


def first_rows(page: Page) -> list[str]:
    return page.locator("#todo-rows .text").all_inner_texts()[:4]


@pytest.mark.slow
def test_from_the_list_and_back_without_loading_a_page_anew(page, kitchen):
    page.goto(kitchen.get_absolute_url())
    page.get_by_role("link", name="Bulk add").click()
    field = page.get_by_label("Lines", exact=True)
    expect(field).to_be_focused()
    field.fill("Buy grout\n\nBuy primer\nBuy tape")
    page.get_by_role("button", name="Check the lines").click()
    status = page.get_by_role("status").first
    expect(status).to_have_text("The lines are being checked.")
    expect(page.get_by_text("No worker is running")).to_be_visible()
    page.evaluate("window.marked = true")
    run_until_idle()
    expect(status).to_have_text("3 to-dos can be added.")
    expect(page.get_by_text("The line is empty.")).to_be_visible()
    assert page.evaluate("window.marked === true")
    page.get_by_role("button", name="Add 3 to-dos").click()
    expect(page.get_by_role("progressbar", name="Lines processed")).to_be_visible()
    page.evaluate("window.marked = true")
    run_until_idle()
    expect(status).to_have_text("3 to-dos were added.")
    expect(page.locator("#bulk-add-check")).to_contain_text("4 = 3 added + 1 skipped + 0 failed")
    assert page.evaluate("window.marked === true")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(1500)  # the only way to see that nothing comes any more
    assert asked == []
    with page.expect_download() as download:
        page.get_by_role("link", name="Report").click()
    assert download.value.path().read_text().splitlines()[2] == "2,skipped,The line is empty."
    page.get_by_role("link", name="Go to the list").click()
    assert first_rows(page)[:3] == ["Buy grout", "Buy primer", "Buy tape"]
    page.go_back()
    page.get_by_role("button", name="Undo this bulk add").click()
    run_until_idle()
    expect(status).to_have_text("Undone: 3 to-dos were moved to the trash.")


@pytest.mark.slow
def test_a_file_without_javascript(open_page, alice, kitchen):
    page = open_page(alice, java_script_enabled=False)
    page.goto(kitchen.get_absolute_url())
    page.get_by_role("link", name="Bulk add").click()
    file = {"name": "lines.txt", "mimeType": "text/plain", "buffer": LINES.encode()}
    page.get_by_label("Or a text file").set_input_files(file)
    page.get_by_role("button", name="Check the lines").click()
    expect(page.get_by_text("The lines are being checked.")).to_be_visible()
    expect(page.get_by_role("link", name="Refresh")).to_be_visible()
    run_until_idle()
    page.get_by_role("link", name="Refresh").click()
    expect(page.get_by_text("3 to-dos can be added.")).to_be_visible()
    expect(page.get_by_text("Character 2 (U+0001) can't be stored.")).to_be_visible()
    page.get_by_role("button", name="Add 3 to-dos").click()
    run_until_idle()
    # The page asks again by itself.
    expect(page.get_by_text("3 to-dos were added.")).to_be_visible()
    page.get_by_role("button", name="Undo this bulk add").click()
    run_until_idle()
    expect(page.get_by_text("Undone: 3 to-dos were moved to the trash.")).to_be_visible()


@pytest.mark.slow
def test_what_is_pasted_may_be_large(page, kitchen):
    page.goto(f"/bulk-adds/new/{kitchen.pk}/")
    # As pasting does; typing so much into a driven browser takes minutes.
    page.get_by_label("Lines", exact=True).evaluate("field => field.value = 'A to-do that is pasted\\n'.repeat(100000)")
    page.get_by_role("button", name="Check the lines").click(timeout=60_000)
    expect(page.get_by_text("The lines are being checked.")).to_be_visible()
    run_until_idle()
    expect(page.get_by_text("100,000 to-dos can be added.")).to_be_visible(timeout=20_000)
    page.get_by_role("button", name="Discard").click()
    expect(page.get_by_text("This was discarded. Nothing was added.")).to_be_visible()


@pytest.mark.slow
def test_a_file_that_is_too_large_is_not_sent(page, kitchen, tmp_path, watch):
    path = tmp_path / "large.txt"
    with path.open("wb") as file:
        file.truncate(21 * 1024 * 1024)
    page.goto(f"/bulk-adds/new/{kitchen.pk}/")
    chooser = page.get_by_label("Or a text file")
    chooser.set_input_files(path)
    assert "larger than 20 MB" in chooser.evaluate("field => field.validationMessage")
    page.get_by_role("button", name="Check the lines").click()
    expect(page).to_have_url(re.compile("/bulk-adds/new/"))
    assert not BulkAdd.objects.exists()


@pytest.mark.slow
@pytest.mark.parametrize("size", [21, 100])
def test_without_javascript_the_reason_is_on_the_page(open_page, alice, kitchen, tmp_path, watch, size):
    watch.foresee("422")
    path = tmp_path / "large.txt"
    with path.open("wb") as file:
        file.truncate(size * 1024 * 1024)
    page = open_page(alice, java_script_enabled=False)
    page.goto(f"/bulk-adds/new/{kitchen.pk}/")
    page.get_by_label("Or a text file").set_input_files(path)
    page.get_by_role("button", name="Check the lines").click()
    expect(page.get_by_text("This is larger than 20 MB")).to_be_visible(timeout=30_000)
