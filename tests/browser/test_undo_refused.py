"""An undo that comes too late is told: what another tab did stands, and the toast says why."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.attaching import choose, png
from tests.todos.attachments.files import attach
from todos.models import Attachment, Todo
from uploads.models import Upload
from workflows.testing import run_until_idle

GONE = "This no longer exists."


def remove(page: Page, name: str) -> None:
    page.get_by_label(f"Actions for {name}").click()
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_role("button", name="Undo")).to_be_visible()


@pytest.mark.slow
def test_what_was_deleted_for_good_in_another_tab(on_page, worktop, alice, watch):
    watch.foresee("404")
    attach(worktop, by=alice, name="plan.png")
    page, other = on_page, on_page.context.new_page()
    page.reload()
    remove(page, "plan.png")
    other.goto("/files/")
    other.get_by_role("link", name="Delete permanently: plan.png").click()
    other.get_by_role("button", name="Delete permanently").click()
    expect(other.get_by_text("“plan.png” was permanently deleted")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#toast")).to_contain_text(GONE)
    expect(page.get_by_role("heading", name="Files")).to_be_visible()
    assert not Attachment.objects.exists()


@pytest.mark.slow
def test_a_to_do_that_was_deleted_meanwhile(page, kitchen, worktop, watch):
    watch.foresee("404")
    page.goto(kitchen.get_absolute_url())
    row = page.locator(f"#todo-{worktop.pk}")
    row.hover()
    row.get_by_label("Actions for").click()
    row.get_by_role("button", name="Move to trash").click()
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    Todo.objects.filter(pk=worktop.pk).delete()
    page.keyboard.press("z")
    expect(page.locator("#toast")).to_contain_text(GONE)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (403, "You don't have permission"),
        (409, "This was refused"),
        (418, "This was refused"),
        (500, "Something went wrong"),
    ],
)
def test_every_refusal_says_something(on_page, worktop, alice, watch, status, sentence):
    watch.foresee(str(status))
    attach(worktop, by=alice, name="plan.png")
    page = on_page
    page.reload()
    remove(page, "plan.png")
    body = '<main id="main">Not for the page</main><div id="toast"></div>'
    page.route("**/restore/", lambda route: route.fulfill(status=status, content_type="text/html", body=body))
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#toast")).to_contain_text(sentence)
    expect(page.get_by_text("Not for the page")).to_have_count(0)


@pytest.mark.slow
def test_the_undo_outlives_what_the_page_hears_meanwhile(on_page, worktop, alice):
    page = on_page
    attach(worktop, by=alice, name="plan.png")
    page.reload()
    choose(page, png("next.png"))
    expect(page.get_by_text("Checking", exact=True)).to_be_visible()
    remove(page, "plan.png")
    run_until_idle()
    expect(page.get_by_role("link", name="next.png")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("link", name="plan.png")).to_be_visible()
    assert Upload.objects.count() == 2
