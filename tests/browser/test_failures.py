"""What the page shows is what the server has: a change that failed is taken back, and said."""

import pytest
from playwright.sync_api import Page, Route, expect


@pytest.fixture
def page(page, kitchen, watch) -> Page:
    watch.foresee(r"Failed to load resource|htmx: htmx:error")
    page.goto(kitchen.get_absolute_url())
    return page


def fails_with(status: int):
    def answer(route: Route) -> None:
        route.fulfill(status=status, content_type="text/html", body="<h1>Not for a row</h1>")

    return answer


def no_answer(route: Route) -> None:
    route.abort()


FAILURES = [
    (fails_with(500), "Something went wrong"),
    (fails_with(404), "no longer exists"),
    (no_answer, "No answer"),
    pytest.param(fails_with(503), "Something went wrong", marks=pytest.mark.slow),
    pytest.param(fails_with(403), "You don't have permission", marks=pytest.mark.slow),
    pytest.param(fails_with(429), "Too many attempts", marks=pytest.mark.slow),
    pytest.param(fails_with(400), "refused", marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("answer", "sentence"), FAILURES)
def test_completing_is_taken_back(page, answer, sentence):
    page.route("**/complete/", answer)
    tick = page.get_by_role("button", name="Completed: Measure the worktop")
    tick.click()
    expect(page.get_by_role("status")).to_contain_text(sentence)
    expect(tick).to_have_attribute("aria-pressed", "false")
    expect(tick).to_be_focused()
    expect(page.locator("#todo-rows .row").first).not_to_have_class("row done")
    expect(page.get_by_text("Not for a row")).to_have_count(0)


@pytest.mark.slow
def test_it_says_when_to_try_again(page):
    page.route("**/complete/", lambda route: route.fulfill(status=429, headers={"Retry-After": "7"}, body="<p>No</p>"))
    page.get_by_role("button", name="Completed: Measure the worktop").click()
    expect(page.get_by_role("status")).to_contain_text("Try again in 7 s")


def test_it_shows_before_the_server_has_answered(page):
    waiting: list[Route] = []
    page.route("**/complete/", lambda route: waiting.append(route))  # noqa: PLW0108 - a handler must be a Python function
    tick = page.get_by_role("button", name="Completed: Measure the worktop")
    tick.click()
    expect(tick).to_have_attribute("aria-pressed", "true")
    waiting[0].fulfill(status=500, body="")
    expect(tick).to_have_attribute("aria-pressed", "false")


def test_escape_cancels_an_edit_that_could_not_be_cancelled_before(page):
    page.keyboard.press("j")
    page.keyboard.press("e")
    field = page.get_by_label("Text of the to-do")
    expect(field).to_be_focused()
    page.route("**/todos/*/", no_answer)
    page.keyboard.press("Escape")
    expect(page.get_by_role("status")).to_contain_text("No answer")
    expect(field).to_be_focused()
    page.unroute("**/todos/*/")
    page.keyboard.press("Escape")
    expect(field).to_have_count(0)


def test_adding_keeps_what_was_written(page):
    page.route("**/lists/*/", fails_with(503))
    field = page.get_by_label("Add a to-do")
    field.fill("Buy grout")
    field.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Something went wrong")
    expect(field).to_have_value("Buy grout")
    expect(page.locator("#todo-rows .row")).to_have_count(3)


@pytest.mark.slow
def test_a_row_stays_when_it_cannot_be_trashed(page):
    page.route("**/trash/", fails_with(500))
    row = page.locator("#todo-rows .row").first
    row.hover()
    row.get_by_label("Actions for").click()
    row.get_by_role("button", name="Move to trash").click()
    expect(page.get_by_role("status")).to_contain_text("Something went wrong")
    expect(page.locator("#todo-rows .row")).to_have_count(3)


@pytest.mark.slow
def test_a_dragged_row_goes_back(page):
    page.route("**/move/", no_answer)
    texts = page.locator("#todo-rows .text").all_inner_texts()
    first, last = page.locator("#todo-rows .row").first, page.locator("#todo-rows .row").last
    first.hover()
    first.locator(".grip").hover()
    page.mouse.down()
    box = last.bounding_box()
    page.mouse.move(box["x"] + 40, box["y"] + box["height"] - 4, steps=5)
    page.mouse.up()
    expect(page.get_by_role("status")).to_contain_text("No answer")
    expect(page.locator("#todo-rows .text")).to_have_text(texts)


@pytest.mark.slow
def test_a_theme_that_was_not_saved_is_not_shown(page):
    page.route("**/accounts/theme/", fails_with(500))
    page.get_by_role("button", name="Dark").click()
    expect(page.get_by_role("status")).to_contain_text("Something went wrong")
    expect(page.locator("html")).not_to_have_attribute("data-theme", "dark")


@pytest.mark.slow
def test_the_toast_goes_by_itself_but_not_from_under_the_pointer(open_page, alice, kitchen):
    page = open_page(alice)
    page.clock.install()
    page.goto(kitchen.get_absolute_url())
    page.get_by_role("button", name="Completed: Measure the worktop").click()
    toast = page.locator(".toast")
    expect(toast).to_be_visible()
    toast.hover()
    page.clock.fast_forward(20_000)
    expect(toast).to_be_visible()
    page.mouse.move(5, 5)
    page.clock.run_for(9_000)
    expect(toast).to_have_count(0)


@pytest.mark.slow
def test_a_page_from_before_another_sign_in_asks_to_be_reloaded(page):
    cookie = next(cookie for cookie in page.context.cookies() if cookie["name"] == "csrftoken")
    page.context.add_cookies([cookie | {"value": "x" * 32}])
    page.get_by_role("button", name="Completed: Measure the worktop").click()
    expect(page.get_by_role("status")).to_contain_text("This page is out of date")
    expect(page.get_by_role("status")).to_contain_text("Reload it")


def test_signed_out_meanwhile_leads_to_sign_in(page, watch):
    page.context.clear_cookies()
    watch.foresee("403")
    page.get_by_role("link", name="Completed", exact=True).click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
