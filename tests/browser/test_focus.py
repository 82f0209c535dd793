"""After every swap the focus is where it was, or on what took its place; never lost to the top of the page."""

import pytest
from playwright.sync_api import Page, expect

from todos.models import Todo


@pytest.fixture
def page(page, kitchen) -> Page:
    page.goto(f"{kitchen.get_absolute_url()}?status=all")
    return page


def test_on_the_tick(page):
    tick = page.get_by_role("button", name="Completed: Measure the worktop")
    tick.focus()
    page.keyboard.press("Space")
    expect(page.get_by_role("status")).to_contain_text("completed")
    expect(tick).to_be_focused()


def test_after_trashing_on_the_next_row(page):
    row = page.locator("#todo-rows .row").first
    menu = row.get_by_label("Actions for")
    menu.focus()
    page.keyboard.press("Enter")
    row.get_by_role("button", name="Move to trash").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#todo-rows .row")).to_have_count(3)
    expect(page.locator("#todo-rows .text").first).to_be_focused()


@pytest.mark.slow
def test_after_saving_an_edit_on_its_row(page):
    page.keyboard.press("j")
    page.keyboard.press("e")
    page.get_by_label("Text of the to-do").fill("Measure twice")
    page.keyboard.press("Enter")
    link = page.get_by_role("link", name="Measure twice", exact=True)
    expect(link).to_be_focused()


@pytest.mark.slow
def test_on_the_filter(page):
    completed = page.get_by_role("link", name="Completed", exact=True)
    completed.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#todo-rows .row")).to_have_count(1)
    expect(completed).to_be_focused()


@pytest.mark.slow
def test_after_undoing_in_the_toast(page):
    page.get_by_role("button", name="Completed: Measure the worktop").click()
    page.get_by_role("button", name="Undo").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("was reopened")
    expect(page.get_by_role("button", name="Undo")).to_be_focused()


@pytest.mark.slow
def test_on_the_page_of_a_to_do(page):
    page.goto(Todo.objects.get(text="Measure the worktop").get_absolute_url())
    page.get_by_role("button", name="Complete").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Reopen")).to_be_focused()


@pytest.mark.slow
def test_menus_give_the_focus_back(page):
    row = page.locator("#todo-rows .row").first
    menu = row.get_by_label("Actions for")
    menu.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    expect(row.get_by_role("button", name="Move to trash")).to_be_hidden()
    expect(menu).to_be_focused()
