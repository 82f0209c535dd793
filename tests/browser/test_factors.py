"""Passkeys, codes and the question who it is, in a real browser with an authenticator made of software."""

import time
from collections.abc import Callable

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from playwright.sync_api import Page, expect

from accounts.models import Session
from accounts.session_store import SessionStore
from tests.browser.test_accessibility import violations
from tests.conftest import PASSWORD
from tests.passkeys import make_passkey

FACTORS = "/accounts/factors/"


def add_authenticator(page: Page) -> None:
    """Give the page's browser a device that holds passkeys and always finds its owner."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def code(secret: str, steps: int) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + steps))


@pytest.fixture
def with_password(alice) -> Callable[..., Page]:
    def sign_in(page: Page) -> Page:
        page.goto("/accounts/login/")
        page.get_by_label("Email").fill(alice.email)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
        return page

    return sign_in


@pytest.mark.slow
def test_a_passkey_is_added_and_signs_in(open_page, alice, with_password):
    page = open_page()
    add_authenticator(page)
    with_password(page)
    expect(page).to_have_url("/lists/")
    page.goto(FACTORS)
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Name").fill("Laptop")
    page.get_by_role("button", name="Create the passkey").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    expect(page.locator("#recovery-codes")).to_contain_text("\n")
    with page.expect_download() as download:
        page.get_by_role("link", name="Save as a file").click()
    assert len(download.value.path().read_text().split()) == 10
    page.goto(FACTORS)
    expect(page.get_by_text("Laptop")).to_be_visible()

    page.context.clear_cookies()
    page.goto("/accounts/login/?next=/trash/")
    page.get_by_label("Keep me signed in").check()
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page).to_have_url("/trash/")
    [cookie] = [cookie for cookie in page.context.cookies() if cookie["name"] == "sessionid"]
    assert cookie["expires"] > time.time() + 6 * 24 * 3600

    page.context.clear_cookies()
    page.goto("/accounts/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page).to_have_url("/lists/")
    [cookie] = [cookie for cookie in page.context.cookies() if cookie["name"] == "sessionid"]
    assert cookie["expires"] == -1

    page.context.clear_cookies()
    with_password(page)
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    page.get_by_role("button", name="Use a passkey").click()
    expect(page).to_have_url("/lists/")

    page.goto("/accounts/factors/passkeys/reauthenticate/?next=/trash/")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page).to_have_url("/trash/")


@pytest.mark.slow
def test_a_browser_that_has_no_such_passkey_says_so(open_page, alice, watch):
    page = open_page()
    add_authenticator(page)
    page.goto("/accounts/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("alert")).to_have_text("The passkey could not be read. Try again.")


@pytest.mark.slow
def test_an_app_is_added_and_asked_for_and_a_recovery_code_helps(open_page, alice, with_password):
    page = with_password(open_page())
    expect(page).to_have_url("/lists/")
    page.goto(FACTORS)
    page.get_by_role("link", name="Add an authenticator app").click()
    secret = page.locator("#totp-key").inner_text()
    expect(page.get_by_role("img", name="QR code")).to_be_visible()
    page.get_by_label("Code shown in the app").fill(code(secret, 0))
    page.get_by_role("button", name="Add the app").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    recovery = page.locator("#recovery-codes").inner_text().split()

    page.context.clear_cookies()
    with_password(page)
    page.get_by_label("Code").fill(code(secret, 1))
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page).to_have_url("/lists/")

    page.context.clear_cookies()
    with_password(page)
    page.get_by_label("Code").fill(recovery[0])
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page).to_have_url("/lists/")


def test_what_was_begun_is_done_after_the_question_who_it_is(open_page, alice, sign_in):
    other = sign_in(alice)
    page = open_page(alice)
    page.goto("/accounts/sessions/")
    age_sessions()
    page.get_by_role("button", name="Sign out everywhere else").click()
    expect(page.get_by_role("heading", name="Confirm it's you")).to_be_visible()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    page.get_by_role("button", name="Continue").click()
    expect(page).to_have_url("/accounts/sessions/")
    expect(page.get_by_text("All other sessions have been signed out.")).to_be_visible()
    assert other.get("/lists/").status_code == 302


@pytest.mark.slow
def test_the_pages_are_accessible(open_page, alice, with_password):
    page = with_password(open_page(bypass_csp=True))
    expect(page).to_have_url("/lists/")
    found = []
    key = make_passkey(alice)
    Authenticator.objects.create(user=alice, type="totp", data={"secret": "x"})
    keys = [f"passkeys/{key.pk}/rename/", f"passkeys/{key.pk}/remove/", "passkeys/reauthenticate/", "reauthenticate/"]
    for path in ("", "passkeys/add/", "recovery-codes/new/", "totp/deactivate/", *keys):
        page.goto(f"{FACTORS}{path}")
        found += violations(page)
    page.goto(f"{FACTORS}recovery-codes/new/")
    page.get_by_role("button", name="Create new codes").click()
    expect(page.locator("#recovery-codes")).to_be_visible()
    found += violations(page)
    page.goto("/accounts/sessions/")
    found += violations(page)
    Authenticator.objects.filter(type="totp").delete()
    page.goto(f"{FACTORS}totp/activate/")
    found += violations(page)
    age_sessions()
    page.goto("/accounts/sessions/")
    page.evaluate("document.querySelector('form[action*=logout]').action = '/accounts/sessions/end-others/'")
    page.get_by_role("button", name="Sign out").first.click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("button", name="Continue")).to_be_visible()
    found += violations(page)
    page.context.clear_cookies()
    with_password(page)
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    found += violations(page)
    assert found == []


def age_sessions() -> None:
    """Make every session as old as if its person had signed in six minutes ago."""
    for key in Session.objects.values_list("pk", flat=True):
        session = SessionStore(key)
        session["fresh_at"] -= 360
        session.save()
