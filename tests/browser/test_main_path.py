"""What people do all day, with JavaScript: nothing here loads a page anew."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.conftest import PASSWORD
from todos.models import Todo, TodoList


def rows(page: Page) -> list[str]:
    return page.locator("#todo-rows .text").all_inner_texts()


def test_sign_in_by_the_form(open_page, alice):
    page = open_page()
    page.goto("/lists/")
    page.get_by_label("Email").fill(alice.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Keep me signed in").check()
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="My lists")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


@pytest.fixture
def stays(page, kitchen) -> Page:
    """Alice's page of the list, marked so that loading another page would be seen."""
    page.goto(f"{kitchen.get_absolute_url()}?status=all")
    page.evaluate("window.marked = true")
    return page


@pytest.fixture(autouse=True)
def no_page_load(request, page):
    yield
    if "stays" in request.fixturenames:
        assert page.evaluate("window.marked === true"), "the page was loaded anew"


def test_add_a_to_do(stays, kitchen):
    field = stays.get_by_label("Add a to-do")
    field.fill("Buy grout")
    field.press("Enter")
    expect(stays.locator("#todo-rows .text").first).to_have_text("Buy grout")
    expect(field).to_have_value("")
    expect(field).to_be_focused()
    expect(stays.locator("#list-summary")).to_contain_text("4 open")
    expect(stays.locator(f"#count-{kitchen.pk}")).to_have_text("4")


def test_what_cannot_be_added_is_said_at_the_field(stays, watch):
    watch.foresee("422")
    field = stays.get_by_label("Add a to-do")
    field.fill("\u200b")
    field.press("Enter")
    expect(stays.get_by_role("alert")).to_contain_text("visible")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_be_focused()
    field.fill("Buy grout")
    field.press("Enter")
    expect(stays.locator("#todo-rows .text").first).to_have_text("Buy grout")
    expect(stays.get_by_role("alert")).to_have_count(0)


def test_complete_and_undo(stays):
    todo = Todo.objects.get(text="Measure the worktop")
    row, tick = stays.locator(f"#todo-{todo.pk}"), stays.get_by_role("button", name="Completed: Measure the worktop")
    tick.click()
    expect(tick).to_have_attribute("aria-pressed", "true")
    expect(row).to_contain_text("Alice")
    expect(stays.locator("#list-summary")).to_contain_text("2 open")
    stays.get_by_role("button", name="Undo").click()
    expect(tick).to_have_attribute("aria-pressed", "false")
    expect(stays.locator("#list-summary")).to_contain_text("3 open")
    todo.refresh_from_db()
    assert todo.completed_at is None


def test_edit_in_place(stays):
    todo = Todo.objects.get(text="Measure the worktop")
    row = stays.locator(f"#todo-{todo.pk}")
    row.hover()
    row.get_by_role("link", name="Edit Measure the worktop").click()
    field = stays.get_by_label("Text of the to-do")
    expect(field).to_be_focused()
    field.fill("Measure the worktop twice")
    field.press("Enter")
    expect(row.locator(".text")).to_have_text("Measure the worktop twice")
    todo.refresh_from_db()
    assert todo.notes == "Width, depth and the gap behind the stove"


@pytest.mark.slow
def test_an_edit_can_be_cancelled(stays):
    row = stays.locator("#todo-rows .row").first
    before = rows(stays)
    row.hover()
    row.get_by_role("link", name="Edit").click()
    stays.get_by_label("Text of the to-do").fill("Never mind")
    stays.keyboard.press("Escape")
    expect(stays.get_by_label("Text of the to-do")).to_have_count(0)
    assert rows(stays) == before


@pytest.mark.slow
def test_reorder_by_the_menu(stays):
    before = rows(stays)
    row = stays.locator("#todo-rows .row").first
    row.hover()
    row.get_by_label("Actions for").click()
    row.get_by_role("button", name="Move down").click()
    expect(stays.locator("#todo-rows .text").first).to_have_text(before[1])
    assert rows(stays) == [before[1], before[0], *before[2:]]


def test_reorder_by_dragging(stays):
    before = rows(stays)
    first, third = stays.locator("#todo-rows .row").nth(0), stays.locator("#todo-rows .row").nth(2)
    first.hover()
    first.locator(".grip").hover()
    stays.mouse.down()
    box = third.bounding_box()
    stays.mouse.move(box["x"] + 40, box["y"] + box["height"] - 4, steps=5)
    with stays.expect_response("**/move/"):
        stays.mouse.up()
    after = [before[1], before[2], before[0], *before[3:]]
    expect(stays.locator("#todo-rows .text")).to_have_text(after)
    stays.reload()
    stays.evaluate("window.marked = true")
    assert rows(stays) == after


def test_trash_and_undo(stays):
    before = rows(stays)
    row = stays.locator("#todo-rows .row").first
    row.hover()
    row.get_by_label("Actions for").click()
    row.get_by_role("button", name="Move to trash").click()
    expect(stays.locator("#todo-rows .text")).to_have_text(before[1:])
    stays.get_by_role("button", name="Undo").click()
    expect(stays.locator("#todo-rows .text")).to_have_text(before)


def test_filter_and_search(stays, kitchen):
    stays.get_by_role("link", name="Completed", exact=True).click()
    expect(stays.locator("#todo-rows .text")).to_have_text(["Call the electrician"])
    expect(stays).to_have_url(f"{stays.url.partition('?')[0]}?status=completed")
    stays.get_by_role("link", name="All", exact=True).click()
    expect(stays.locator("#todo-rows .text")).to_have_count(4)
    stays.get_by_label("Search this list").press_sequentially("tiles", delay=20)
    expect(stays.locator("#todo-rows .text")).to_have_text(["Order tiles, 4 m² + 10 % spare"])
    expect(stays.get_by_label("Search this list")).to_be_focused()
    expect(stays).to_have_url(re.compile(r"/lists/\d+/\?status=all&q=tiles$"))


@pytest.mark.slow
def test_back_leads_to_the_filter_before(page, kitchen):
    page.goto(kitchen.get_absolute_url())
    page.get_by_role("link", name="Completed", exact=True).click()
    expect(page.locator("#todo-rows .text")).to_have_text(["Call the electrician"])
    page.go_back()
    expect(page.locator("#todo-rows .text")).to_have_count(3)


@pytest.mark.slow
def test_the_last_row_gone_leaves_an_empty_state(page, alice):
    lone = TodoList.create("Lone", by=alice)
    lone.add("Only one", by=alice)
    page.goto(lone.get_absolute_url())
    expect(page.locator(".empty")).to_be_hidden()
    page.locator("#todo-rows .row").hover()
    page.get_by_label("Actions for").click()
    page.get_by_role("button", name="Move to trash").click()
    expect(page.locator(".empty")).to_be_visible()
    page.get_by_label("Add a to-do").fill("Another")
    page.get_by_label("Add a to-do").press("Enter")
    expect(page.locator(".empty")).to_be_hidden()


def test_the_page_of_a_to_do(page, kitchen):
    todo = Todo.objects.get(text="Measure the worktop")
    page.goto(todo.get_absolute_url())
    page.evaluate("window.marked = true")
    page.get_by_label("Text").fill("Measure the worktop twice")
    page.get_by_label("Notes").fill("Left of the window too")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Measure the worktop twice")
    expect(page.locator(".timeline")).to_contain_text("changed the notes")
    page.get_by_role("button", name="Complete").click()
    expect(page.get_by_role("button", name="Reopen")).to_be_visible()
    assert page.evaluate("window.marked === true")


def test_members(page, kitchen, mallory, bob):
    page.goto(kitchen.get_absolute_url())
    page.get_by_role("link", name="Share").click()
    page.get_by_label("Email address").fill(mallory.email)
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_role("status")).to_contain_text("Mallory")
    page.get_by_label("Role of Mallory").select_option("reader")
    expect(page.get_by_role("status")).to_contain_text("Reader")
    page.get_by_role("button", name="Remove Bob").click()
    expect(page.get_by_role("status")).to_contain_text("Bob")
    assert list(kitchen.memberships.order_by("pk").values_list("user__name", "role")) == [
        ("Alice", "owner"),
        ("Carol", "reader"),
        ("Mallory", "reader"),
    ]


@pytest.mark.slow
def test_a_refused_role_is_taken_back(page, kitchen):
    page.goto(f"{kitchen.get_absolute_url()}members/")
    own = page.get_by_label("Role of Alice")
    own.focus()
    own.select_option("reader")
    expect(page.locator("#toast")).to_contain_text("A list needs an owner")
    expect(own).to_have_value("owner")
    expect(own).to_be_focused()
