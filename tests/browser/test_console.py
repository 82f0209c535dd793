"""The console in the admin: nothing is cut off on a phone, axe finds nothing, and a run is steered by its buttons."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from tests.browser.conftest import PHONE
from tests.browser.pages import LONG_WORD
from tests.browser.test_accessibility import violations
from tests.workflows import definitions
from workflows import engine
from workflows.models import Message, Run, Worker
from workflows.testing import advance, run_until_idle
from workflows.transitions import counters, messages, schedules, steering

LONG_ID = LONG_WORD[:90]


@pytest.fixture
def addresses(live_server, staff) -> list[str]:
    """Give every page of the console something to show, and return the pages."""
    now = timezone.now()
    Worker.objects.create(name=f"{LONG_WORD[:60]}-4711-a1b2c3", started_at=now, heartbeat_at=now)
    Worker.objects.create(name="gone-1", started_at=now, heartbeat_at=now - timedelta(hours=1))
    engine.start(definitions.waiting, {}, id=LONG_ID, by=staff)
    engine.start(definitions.everything, {}, id="everything-1")
    definitions.failing["shaky"] = 3
    engine.start(definitions.retried, {}, id="failed-1")
    engine.send("letters", "never", idempotency_key=LONG_WORD[:150])
    for _attempt in range(3):
        run_until_idle()
        advance(timedelta(minutes=5))
    Run.objects.filter(pk=LONG_ID).update(progress_done=61_400, progress_total=100_000)
    steering.send_event("everything-1", "other", {"why": LONG_WORD}, by=staff)
    messages.pause("narrow", by=staff)
    engine.send("narrow", 1)
    schedules.sync()
    schedules.switch("hourly", on=False, by=staff)
    counters.flush()
    models = ("run", "queuestate", "message", "schedule", "worker", "auditline")
    runs = [f"/admin/workflows/run/{pk}/change/" for pk in (LONG_ID.replace("ä", "%C3%A4"), "everything-1", "failed-1")]
    dead = Message.objects.dead().get()
    return [
        "/admin/",
        "/admin/workflows/",
        *(f"/admin/workflows/{model}/" for model in models),
        *runs,
        f"/admin/workflows/message/{dead.pk}/change/",
        "/admin/workflows/schedule/hourly/change/",
    ]


@pytest.mark.slow
def test_nothing_is_cut_off_on_a_phone(open_page, staff, addresses):
    page = open_page(staff, viewport=PHONE | {"width": 320})
    wide = []
    for address in addresses:
        page.goto(address)
        if (over := page.evaluate("document.documentElement.scrollWidth - innerWidth")) > 0:
            wide.append((address, over))
    assert wide == []


@pytest.mark.slow
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(open_page, staff, addresses, theme):
    page = open_page(staff, bypass_csp=True, color_scheme=theme)  # Django's links fade from one theme to the other
    found = []
    for address in addresses:
        page.goto(address)
        found += [text for text in violations(page, themes=(theme,)) if 'id="searchbar"' not in text]  # Django's own
    assert found == []


@pytest.mark.slow
def test_a_ban_has_its_calendar_and_a_way_out(open_page, staff, bob):
    page = open_page(staff)
    page.goto(f"/admin/accounts/user/{bob.pk}/ban/")
    for icon in (page.locator(".date-icon"), page.locator(".clock-icon")):
        assert icon.bounding_box()["width"] >= 24
    page.locator(".date-icon").click()
    expect(page.locator("#calendarbox0")).to_be_visible()
    page.locator("#calendarbox0").get_by_text("Tomorrow").click()
    expect(page.get_by_label("Date:")).not_to_have_value("")
    page.locator(".submit-row").get_by_role("button", name="Cancel").click()
    expect(page.locator("#content").get_by_role("heading", name="Change person")).to_be_visible()


def test_a_run_is_steered_by_its_buttons(open_page, staff, addresses):
    page = open_page(staff)
    page.goto("/admin/workflows/run/everything-1/change/")
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("The run was paused.")).to_be_visible()
    page.get_by_role("button", name="Resume").click()
    page.get_by_role("button", name="Cancel run").click()
    page.get_by_role("link", name="No, go back").click()
    page.get_by_role("button", name="Cancel run").click()
    page.get_by_role("button", name="Cancel run").click()
    expect(page.get_by_text("The run was cancelled.")).to_be_visible()
    page.get_by_role("button", name="Restart from here").nth(2).click()
    page.get_by_role("link", name="0", exact=False).first.click()
    expect(page.locator(".entry")).to_have_count(2)


@pytest.mark.slow
def test_dead_letters_are_replayed_by_selection(open_page, staff, addresses):
    page = open_page(staff)
    page.goto("/admin/workflows/message/?state=dead")
    page.get_by_label("Select this object for an action").first.check()
    page.get_by_label("Action:").select_option(label="Replay the dead letters")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.get_by_text("Done, 1 row.")).to_be_visible()
