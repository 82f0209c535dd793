"""From the invitation's link to the first to-do."""

import re

import pytest
from playwright.sync_api import expect

from accounts import invitations
from accounts.models import Invitation
from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.test_accessibility import violations
from tests.conftest import PASSWORD
from todos.models import Role, Todo
from todos.people.grants import place_in


def local(link: str) -> str:
    return link.removeprefix("http://localhost:8000")


@pytest.mark.slow
@pytest.mark.parametrize("screen", [{"viewport": DESKTOP}, {"viewport": PHONE, "has_touch": True}])
def test_from_the_link_to_the_first_to_do(open_page, alice, kitchen, screen):
    owner = open_page(alice, bypass_csp=True, **screen)
    owner.goto(f"{kitchen.get_absolute_url()}members/")
    owner.get_by_role("spinbutton", name="People").fill("3")
    owner.get_by_role("button", name="Create a link").click()
    field = owner.get_by_label("Copy it now")
    expect(field).to_have_value(re.compile("/accounts/invitations/"))
    field.focus()
    assert owner.evaluate("getSelection().toString()") == field.input_value()
    expect(owner.get_by_text("Link, used by 0 of 3")).to_be_visible()
    found = violations(owner)
    link = local(field.input_value())
    owner.context.clear_cookies()

    guest = open_page(bypass_csp=True, **screen)
    guest.goto(link)
    expect(guest.get_by_text("the list “Flat renovation” (Editor)")).to_be_visible()
    found += violations(guest)
    guest.get_by_label("Name").fill("Dora")
    guest.get_by_label("Email address").fill("dora@example.com")
    guest.get_by_label("Password").fill(PASSWORD)
    guest.get_by_role("button", name="Accept the invitation").click()
    expect(guest.get_by_role("heading", name="Flat renovation")).to_be_visible()
    guest.get_by_label("Add a to-do").fill("Buy grout")
    guest.get_by_label("Add a to-do").press("Enter")
    expect(guest.locator("#todo-rows .text").first).to_have_text("Buy grout")
    assert Todo.objects.get(text="Buy grout").created_by.name == "Dora"
    assert found == []


def test_the_same_form_adds_or_invites(page, kitchen, watch):
    watch.foresee("422")
    page.goto(f"{kitchen.get_absolute_url()}members/")
    page.get_by_label("Email address").fill("dora@example.com")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("Nobody with this address has an account here.")).to_be_visible()
    page.get_by_role("button", name="Invite by email").click()
    expect(page.get_by_text("An invitation is on its way to dora@example.com.")).to_be_visible()
    page.get_by_role("button", name="Revoke the invitation for dora@example.com").click()
    expect(page.get_by_role("heading", name="Open invitations")).to_have_count(0)
    assert Invitation.objects.get().state == "revoked"


@pytest.mark.slow
def test_the_other_faces_of_the_page(open_page, alice, bob, mallory, kitchen, watch):
    watch.foresee("404|410|422")
    found = []
    for_all, gone = invitations.make_link(by=alice), invitations.make_link(by=alice)
    to_list = invitations.make_link(by=alice, grant=place_in(kitchen, role=Role.EDITOR))
    invitations.revoke(gone, by=alice)
    guest = open_page(bypass_csp=True)
    for path in ("/accounts/invitations/wrong/", local(gone.link)):
        guest.goto(path)
        expect(guest.get_by_role("heading", name="This invitation doesn't work")).to_be_visible()
        found += violations(guest)
    guest.goto(local(for_all.link))
    guest.get_by_label("Name").fill("Dora")
    guest.get_by_label("Email address").fill("dora@example.com")
    guest.get_by_label("Password").fill("password")
    guest.get_by_role("button", name="Accept the invitation").click()
    expect(guest.get_by_label("Password")).to_have_attribute("aria-invalid", "true")
    found += violations(guest)
    guest.close()
    member = open_page(mallory, bypass_csp=True, viewport=PHONE)
    for path in (local(for_all.link), local(to_list.link)):
        member.goto(path)
        found += violations(member)
    member.get_by_role("button", name="Accept").click()
    expect(member.get_by_role("heading", name="Flat renovation")).to_be_visible()
    assert found == []


@pytest.mark.slow
def test_the_pages_of_the_console(open_page, staff, alice):
    found = []
    made = invitations.make_link(by=alice, uses=2)
    invitations.accept_as_new(made, name="Dora", email="dora@example.com", password=PASSWORD)
    for theme in ("light", "dark"):
        page = open_page(staff, bypass_csp=True, color_scheme=theme)
        for path in ("", "add/", f"{made.pk}/change/"):
            page.goto(f"/admin/accounts/invitation/{path}")
            found += violations(page, themes=(theme,))
        page.goto("/admin/accounts/invitation/add/")
        page.get_by_role("button", name="Invite").click()
        expect(page.get_by_label("Link:")).to_have_value(re.compile("/accounts/invitations/"))
        found += violations(page, themes=(theme,))
    assert found == []
