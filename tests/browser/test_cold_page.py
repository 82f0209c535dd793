"""What a browser that was never here asks for, from a server as self-hosters run it."""

from collections import Counter
from typing import Any

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
    initiators: dict[str, dict[str, Any]] = {}
    with chromium.new_context(storage_state=signed_in) as cold:
        page = cold.new_page()
        page.on("response", lambda answer: answers.append(answer))  # noqa: PLW0108 - Playwright wants a function
        network = cold.new_cdp_session(page)
        network.send("Network.enable")
        network.on(
            "Network.requestWillBeSent", lambda sent: initiators.update({sent["request"]["url"]: sent["initiator"]})
        )
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
    trips = {url: round_trips(url, initiators) for url in initiators if url.endswith(".js")}
    assert len(trips) == kinds["script"]
    assert max(trips.values()) == 2, trips  # the second is for what the page has something for


def round_trips(url: str, initiators: dict[str, dict[str, Any]]) -> int:
    """Return after how many answers, from the page's own, the browser knows that it needs this script."""
    initiator = initiators[url]
    if initiator["type"] == "parser":
        return 1
    # A static import names the module that it stands in, a dynamic one the call.
    frames = initiator.get("stack", {}).get("callFrames", [])
    return 1 + round_trips(initiator.get("url") or frames[0]["url"], initiators)
