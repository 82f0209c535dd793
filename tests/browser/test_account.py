"""A person's own account, in Chromium: every page of it, clean by axe, and the way through."""

import pytest
from playwright.sync_api import expect

from accounts import audit
from accounts.leaving import deleting, exporting
from accounts.models import AuditKind, DataExport
from accounts.settings.email import change
from tests.browser.conftest import PHONE
from tests.browser.test_accessibility import violations
from workflows.testing import run_until_idle

SETTINGS = "/accounts/settings/"


@pytest.fixture(autouse=True)
def files(settings, tmp_path):
    settings.STORAGES = settings.STORAGES | {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": str(tmp_path)}}
    }


@pytest.mark.slow
def test_data_is_asked_for_and_fetched(page):
    page.goto(SETTINGS)
    page.get_by_role("button", name="Export my data").click()
    expect(page.locator("#data")).to_contain_text("We are preparing your data")
    run_until_idle()
    page.goto(SETTINGS)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename == "holdfast.zip"


@pytest.mark.slow
def test_an_account_is_given_up_and_kept_after_all(page, bob, kitchen):
    page.goto(SETTINGS)
    page.get_by_role("link", name="Delete account").click()
    page.get_by_label("New owner of “Flat renovation”").select_option(label="Bob")
    page.get_by_role("button", name="Delete account").click()
    page.goto(kitchen.get_absolute_url())
    expect(page.locator("#deletion")).to_contain_text("Your account will be deleted on")
    page.get_by_role("button", name="Keep my account").click()
    expect(page.locator("#deletion")).to_have_count(0)
    expect(page.get_by_role("heading", name="Flat renovation")).to_be_visible()


@pytest.mark.slow
@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
def test_the_pages_are_clean(open_page, alice, bob, kitchen, phone):
    for number in range(60):
        audit.record(AuditKind.SIGNED_IN, person=alice, actor=bob if number % 2 else alice, detail="x" * 190)
    confirm = f"/accounts/address/confirm/{change._key(alice, 'alice@new.example.com')}/"
    page = open_page(alice, bypass_csp=True, **({"viewport": PHONE, "has_touch": True} if phone else {}))
    found = []

    def look(address: str) -> None:
        page.goto(address)
        found.extend(violations(page))
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), address

    for address in (SETTINGS, "/accounts/activity/", "/accounts/address/", confirm, "/accounts/delete/"):
        look(address)
    exporting.ask(alice)
    look(SETTINGS)
    run_until_idle()
    deleting.ask(alice, heirs=[])
    for address in (SETTINGS, "/accounts/delete/", kitchen.get_absolute_url()):
        look(address)
    DataExport.objects.update(file="", expires_at=None, failed=True, ended_at=alice.date_joined)
    look(SETTINGS)
    assert found == []
