"""The pictures of README.md. UPDATE_SCREENSHOTS=1 takes them anew; otherwise their pages only have to render."""

import os
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESKTOP, PHONE
from todos.models import Role, Todo, TodoList

IMAGES = Path(__file__).parents[2] / "docs" / "images"
TODOS = [
    ("Measure the worktop", "Width, depth and the gap behind the stove"),
    ("Photograph the old sockets", ""),
    ("Order tiles, 4 m² + 10 % spare", "Same batch number as the first delivery"),
    ("Ask the neighbours which week is quiet", ""),
    ("Call “Müller & Söhne” about the invoice for the bathroom fittings that were delivered twice", ""),
    ("Choose the paint for the hallway", "Off-white; the rest is in the cellar"),
    ("Book the lift for the fridge", ""),
    ("Find the key to the meter cupboard", ""),
]


@pytest.fixture
def renovation(make_user) -> TodoList:
    anna = make_user("Anna Kern", time_zone="Europe/Berlin")
    paul, toni = make_user("Paul"), make_user("Toni")
    for name in ("Household", "Launch of the spring issue", "Reading"):
        other = TodoList.create(name, by=anna)
        for number in range(len(name) % 6 + 2):
            other.add(f"To-do {number}", by=anna)
    renovation = TodoList.create("Flat renovation", by=anna)
    for person in (paul, toni):
        renovation.add_member(person, role=Role.EDITOR, by=anna)
    electrician = renovation.add("Call the electrician", by=anna)
    for text, notes in reversed(TODOS):
        renovation.add(text, by=anna, notes=notes)
    electrician.complete(by=paul)
    Todo.objects.filter(pk=electrician.pk).update(completed_at=timezone.now() - timedelta(days=1))
    return renovation


def photograph(page: Page, name: str) -> None:
    if os.environ.get("UPDATE_SCREENSHOTS") == "1":
        IMAGES.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=IMAGES / name)


@pytest.mark.slow
def test_list_light(open_page, renovation):
    page = open_page(renovation.created_by, viewport=DESKTOP)
    page.goto(f"{renovation.get_absolute_url()}?status=all")
    page.get_by_role("button", name="Completed: Photograph the old sockets").click()
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    expect(page.locator("#todo-rows .row")).to_have_count(9)
    photograph(page, "list-light.png")


@pytest.mark.slow
def test_list_dark_on_a_phone(open_page, renovation):
    page = open_page(renovation.created_by, viewport=PHONE, color_scheme="dark", has_touch=True, device_scale_factor=2)
    page.goto(f"{renovation.get_absolute_url()}?status=all")
    expect(page.locator("#todo-rows .row")).to_have_count(9)
    photograph(page, "list-dark-phone.png")
