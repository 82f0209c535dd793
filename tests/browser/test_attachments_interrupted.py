"""Files that do not arrive at once: cancelled, on a line that breaks, or whose answer is lost."""

import re
from contextlib import suppress

import pytest
from playwright.sync_api import Error, expect

from tests.browser.attaching import choose, png, sending, slow_down, wait_for
from tests.todos.attachments.files import noise
from uploads.models import State, Upload

WAITS_S = (1, 2, 4, 8, 8)


@pytest.mark.slow
def test_cancelled_on_the_way(on_page):
    page = on_page
    slow_down(page, 8_000)
    choose(page, png("slow.png", noise(150, 150)), png("other.png", noise(150, 150)))
    expect(sending(page, "slow.png")).to_contain_text(re.compile("16.0\xa0KB of 5"))
    page.get_by_role("button", name="Cancel slow.png").click()
    expect(sending(page, "slow.png")).to_have_count(0)
    expect(page.locator("#attach")).to_be_focused()
    page.get_by_role("button", name="Cancel other.png").click()
    expect(page.locator("#sending .row")).to_have_count(0)
    expect(page.locator("#file-rows")).to_have_count(0)
    wait_for(page, lambda: set(Upload.objects.values_list("state", flat=True)) == {State.DELETED})


@pytest.mark.slow
def test_cancelled_as_it_arrives(on_page, worktop):
    page, held = on_page, []
    pages = f"**/todos/{worktop.pk}/attachments/**"
    page.route(pages, lambda route: held.append(route))  # noqa: PLW0108 - Playwright marks what it is given
    choose(page, *(png(f"{number}.png") for number in range(9)))
    wait_for(page, lambda: held and Upload.objects.filter(state=State.VERIFYING).count() == 3)
    page.get_by_role("button", name="Cancel 0.png").click()
    page.unroute(pages)
    for route in held:
        with suppress(Error):  # the page has given it up
            route.continue_()
    wait_for(page, lambda: sorted(Upload.objects.values_list("state", flat=True)) == ["deleted", *["verifying"] * 8])


def test_a_broken_line_is_tried_again(on_page, watch):
    page = on_page
    watch.foresee("ERR_FAILED")
    tries = []

    def answer(route) -> None:
        tries.append(route.request.url)
        route.abort() if len(tries) == 1 else route.continue_()

    page.route("**/bytes/**", answer)
    choose(page, png())
    expect(sending(page, "plan.png")).to_contain_text("Retrying in 1 s")
    expect(page.get_by_text("Checking", exact=True)).to_be_visible()
    assert len(tries) == 2
    assert Upload.objects.count() == 1


@pytest.mark.slow
def test_bytes_whose_answer_was_lost_are_not_sent_for_nothing(on_page, watch):
    page = on_page
    watch.foresee("ERR_FAILED|412")
    answers = []

    def answer(route) -> None:
        response = route.fetch()
        answers.append(response.status)
        route.abort() if len(answers) == 1 else route.fulfill(response=response)

    page.route("**/bytes/**", answer)
    choose(page, png())
    expect(page.get_by_text("Checking", exact=True)).to_be_visible()
    assert answers == [200, 412]


@pytest.mark.slow
def test_a_line_that_stays_broken_can_be_tried_by_hand(page, worktop, watch):
    watch.foresee("ERR_FAILED")
    page.clock.install()
    page.goto(worktop.get_absolute_url())
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.method == "PUT" else None)
    page.route("**/bytes/**", lambda route: route.abort())
    choose(page, png())
    for tries, seconds in enumerate(WAITS_S, 1):
        expect(sending(page, "plan.png")).to_contain_text(f"Retrying in {seconds} s")
        while len(asked) < tries:  # the text is the same for the last two
            page.wait_for_timeout(10)
        page.clock.run_for(seconds * 1000)
    expect(sending(page, "plan.png")).to_contain_text("the server did not answer")
    page.unroute("**/bytes/**")
    page.get_by_role("button", name="Try again: plan.png").click()
    expect(page.get_by_text("Checking", exact=True)).to_be_visible()
    assert Upload.objects.count() == 1
