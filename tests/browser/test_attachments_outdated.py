"""Files sent from a page that is older than the last sign-in: another window has made other cookies."""

import pytest
from django.test import Client
from playwright.sync_api import Page, expect

from tests.browser.attaching import choose, png, sending, wait_for
from uploads.models import State, Upload

OUTDATED = "This page is out of date. Reload the page"


@pytest.fixture
def on_page(on_page, watch) -> Page:
    watch.foresee("status of 403")
    return on_page


def sign_in_elsewhere(page, user, *, secret="x" * 32):
    """Change the cookies as a sign-in in another window does."""
    client = Client()
    client.force_login(user)
    values = {"sessionid": client.cookies["sessionid"].value, "csrftoken": secret}
    for cookie in page.context.cookies():
        page.context.add_cookies([cookie | {"value": values[cookie["name"]]}] if cookie["name"] in values else [])


@pytest.mark.slow
def test_the_same_person_need_not_know(on_page, alice):
    page = on_page
    sign_in_elsewhere(page, alice)
    choose(page, png("one.png"), png("two.png"))
    expect(page.get_by_text("Checking", exact=True)).to_have_count(2)
    page.locator("#toggle").click()  # all forms have the fresh token now
    expect(page.get_by_role("status").filter(has_text="completed")).to_be_visible()
    assert set(Upload.objects.values_list("owner", "state")) == {(alice.pk, State.VERIFYING)}


@pytest.mark.slow
def test_cancelling_reaches_the_server(on_page, alice):
    page = on_page
    page.route("**/bytes/**", lambda _route: None)
    choose(page, png())
    wait_for(page, Upload.objects.exists)
    sign_in_elsewhere(page, alice)
    page.get_by_role("button", name="Cancel plan.png").click()
    wait_for(page, lambda: Upload.objects.get().state == State.DELETED)


@pytest.mark.slow
def test_another_person_has_to_reload(on_page, alice, bob):
    """Bob may add files here too, but this is Alice's page: what she chose is not sent in his name."""
    page = on_page
    sign_in_elsewhere(page, bob)
    choose(page, png())
    expect(sending(page, "plan.png")).to_contain_text(OUTDATED)
    assert not Upload.objects.exists()
    sign_in_elsewhere(page, alice, secret="y" * 32)
    page.get_by_role("button", name="Try again: plan.png").click()
    expect(page.get_by_text("Checking", exact=True)).to_be_visible()
    assert Upload.objects.get().owner == alice


@pytest.mark.slow
def test_a_fresh_token_that_is_refused_too_is_told(on_page):
    page, asked = on_page, []

    def refuse(route) -> None:
        asked.append(route.request.headers["x-csrftoken"])
        route.fulfill(status=403, headers={"X-Failure": "outdated"}, json={"error": {"code": "forbidden"}})

    page.route("**/uploads/", refuse)
    choose(page, png())
    expect(sending(page, "plan.png")).to_contain_text(OUTDATED)
    assert len(set(asked)) == len(asked) == 2
