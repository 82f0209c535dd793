"""The same main path with JavaScript off: every form is a plain form."""

import pytest
from playwright.sync_api import Page, expect

from tests.conftest import PASSWORD
from todos.models import Todo


@pytest.fixture
def page(open_page, alice) -> Page:
    opened: Page = open_page(alice, java_script_enabled=False)
    return opened


def menu(page: Page, text: str):
    row = page.locator("#todo-rows .row", has_text=text)
    row.hover()
    row.get_by_label("Actions for").click()
    return row


def test_from_sign_in_to_a_completed_to_do(open_page, alice):
    page = open_page(java_script_enabled=False)
    page.goto("/")
    page.get_by_label("Email").fill(alice.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_label("Name of a new list").fill("Household")
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Household")
    page.get_by_label("Add a to-do").fill("Water the plants")
    page.get_by_role("button", name="Add").click()
    page.get_by_role("button", name="Completed: Water the plants").click()
    expect(page.locator("#list-summary")).to_contain_text("0 open · 1 completed")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#list-summary")).to_contain_text("1 open")


@pytest.mark.slow
def test_edit(page, kitchen):
    page.goto(kitchen.get_absolute_url())
    menu(page, "worktop").get_by_role("link", name="Edit", exact=True).click()
    page.get_by_label("Text").fill("Measure twice")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Measure twice")


@pytest.mark.slow
def test_reorder(page, kitchen):
    page.goto(kitchen.get_absolute_url())
    menu(page, "worktop").get_by_role("button", name="Move down").click()
    expect(page.locator("#todo-rows .text").nth(1)).to_have_text("Measure the worktop")
    menu(page, "worktop").get_by_role("button", name="Move up").click()
    expect(page.locator("#todo-rows .text").first).to_have_text("Measure the worktop")


@pytest.mark.slow
def test_trash_undo_and_restore(page, kitchen):
    page.goto(kitchen.get_absolute_url())
    menu(page, "worktop").get_by_role("button", name="Move to trash").click()
    expect(page.locator("#todo-rows .text")).to_have_count(2)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#todo-rows .text")).to_have_count(3)
    menu(page, "worktop").get_by_role("button", name="Move to trash").click()
    page.get_by_role("link", name="Trash").click()
    page.get_by_role("button", name="Restore Measure the worktop").click()
    expect(page.get_by_text("The trash is empty")).to_be_visible()
    assert not Todo.objects.trashed().exists()


@pytest.mark.slow
def test_filters_search_and_order(page, kitchen):
    page.goto(kitchen.get_absolute_url())
    page.get_by_role("link", name="All", exact=True).click()
    expect(page.locator("#todo-rows .text")).to_have_count(4)
    page.get_by_label("Order", exact=True).select_option("text")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("#todo-rows .text").first).to_have_text("Call the electrician")
    page.get_by_label("Search this list").fill("tiles")
    page.get_by_label("Search this list").press("Enter")
    expect(page.locator("#todo-rows .text")).to_have_count(1)


@pytest.mark.slow
def test_share_rename_and_trash_a_list(page, kitchen, mallory):
    page.goto(kitchen.get_absolute_url())
    page.get_by_role("link", name="Share").click()
    page.get_by_label("Email address").fill(mallory.email)
    page.get_by_role("button", name="Add").click()
    member = page.locator(".person", has_text="Mallory")
    member.get_by_label("Role of Mallory").select_option("reader")
    member.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("Reader")
    page.goto(kitchen.get_absolute_url())
    page.get_by_label("More about this list").click()
    page.get_by_role("link", name="Rename").click()
    page.get_by_label("Name").fill("Old flat")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Old flat")
    page.get_by_label("More about this list").click()
    page.get_by_role("button", name="Move to trash").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("My lists")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("main").get_by_role("link", name="Old flat")).to_be_visible()


@pytest.mark.slow
def test_move_to_another_list_and_choose_a_theme(page, kitchen, alice):
    other = type(kitchen).create("Household", by=alice)
    page.goto(Todo.objects.get(text="Measure the worktop").get_absolute_url())
    page.get_by_label("Move to another list").select_option(label="Household")
    page.get_by_role("button", name="Move", exact=True).click()
    expect(page.get_by_role("main").get_by_role("link", name="Household").first).to_be_visible()
    assert other.todos.count() == 1
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_the_navigation_is_reachable_on_a_phone(open_page, alice, kitchen):
    page = open_page(alice, java_script_enabled=False, viewport={"width": 390, "height": 844})
    page.goto("/trash/")
    page.get_by_role("button", name="Open navigation").click()
    page.get_by_role("link", name="Flat renovation").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Flat renovation")
