"""What a browser that was never here asks for, from a server as self-hosters run it."""

from collections import Counter

from playwright.sync_api import Response, expect

from tests.acceptance.conftest import run  # noqa: F401 - a fixture

ADMIN = {"ADMIN_EMAIL": "admin@example.com", "ADMIN_PASSWORD": "kelp holds the rock"}


def test_a_list_page_takes_few_requests(run, chromium):  # noqa: F811
    running = run(**ADMIN)
    running.wait_until_healthy(seconds=60)
    with chromium.new_context(base_url=running.url) as first:
        page = first.new_page()
        page.goto("/")
        page.get_by_label("Email").fill(ADMIN["ADMIN_EMAIL"])
        page.get_by_label("Password", exact=True).fill(ADMIN["ADMIN_PASSWORD"])
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.get_by_label("Name of a new list").fill("Flat renovation")
        page.get_by_role("button", name="Create").click()
        page.get_by_label("Add a to-do").fill("Measure the worktop")
        page.get_by_role("button", name="Add").click()
        expect(page.get_by_role("link", name="Measure the worktop").first).to_be_visible()
        address, signed_in = page.url, first.storage_state()
    answers: list[Response] = []
    with chromium.new_context(storage_state=signed_in) as cold:
        page = cold.new_page()
        page.on("response", lambda answer: answers.append(answer))  # noqa: PLW0108 - Playwright wants a function
        page.goto(address, wait_until="networkidle")
        bytes_sent = sum(answer.request.sizes()["responseBodySize"] for answer in answers)
    kinds = Counter(answer.request.resource_type for answer in answers)
    shown = f"{len(answers)} requests, {bytes_sent} bytes\n" + "\n".join(
        f"{answer.request.resource_type} {answer.url}" for answer in answers
    )
    assert all(answer.status == 200 for answer in answers), shown
    assert kinds["stylesheet"] == 1, shown
    assert kinds["script"] <= 10, shown
    assert len(answers) <= 14, shown
