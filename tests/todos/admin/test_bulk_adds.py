"""Bulk adds in the operator console: all is shown, nothing is changed."""

import pytest
from django.contrib.auth.models import Permission
from django.core.files.base import ContentFile
from django.urls import reverse

from tests.todos.admin.test_lists import change_url, queries_of
from tests.todos.bulk_adds.making import LINES, confirm
from todos.admin import reading
from todos.models import BulkAdd, TodoList
from todos.models.bulkadd import State
from workflows.models import Run
from workflows.testing import run_until_idle

LIST = reverse("admin:todos_bulkadd_changelist")


@pytest.fixture
def operator(staff, sign_in):
    return sign_in(staff)


@pytest.fixture
def made(flat, alice) -> BulkAdd:
    """Three to-dos, an empty line, and one that is not UTF-8; not checked yet."""
    return BulkAdd.create(flat, ContentFile(LINES), by=alice, file_name="lines.txt")


def listed(client, query: str = "") -> list[BulkAdd]:
    response = client.get(LIST + query)
    assert response.status_code == 200
    return list(response.context["cl"].result_list)


def test_one_is_shown_with_its_counts_runs_and_problems(made, alice, operator):
    confirm(made, by=alice)
    made.undo(by=alice)
    run_until_idle()
    page = operator.get(change_url(made)).text
    for text in ("Flat renovation", "Alice", "lines.txt", "Undone", "Line 2: The line is empty.", "caf"):
        assert text in page
    for run in (made.run_id, made.undo_run_id):
        assert f'<a href="/admin/workflows/run/{run}/change/">{run}</a> succeeded' in page
    Run.objects.all().delete()
    assert f"/admin/workflows/run/{made.run_id}/" not in operator.get(change_url(made)).text


def test_texts_of_members_are_shown_as_text(flat, alice, operator):
    made = BulkAdd.create(flat, ContentFile(b"good\n<b>\x01"), by=alice, file_name="<i>.txt")
    run_until_idle()
    page = operator.get(change_url(made)).text
    assert "&lt;b&gt;" in page
    assert "<b>" not in page
    assert "<i>.txt" not in operator.get(LIST).text


def test_problems_are_shown_up_to_a_number(flat, alice, operator, monkeypatch):
    monkeypatch.setattr(reading, "MOST_PROBLEMS", 2)
    made = BulkAdd.create(flat, ContentFile(b"good\n\x00\n\ngood\n\n\n\x00"), by=alice)
    run_until_idle()
    page = operator.get(change_url(made)).text
    assert page.count("<li>Line") == 2
    assert "These are the first 2" in page


def test_the_list_costs_the_same_for_many(made, operator, make_user):
    few = queries_of(operator, LIST)
    for number in range(10):
        person = make_user(f"p{number}")
        BulkAdd.create(TodoList.create(f"List {number}", by=person), ContentFile(b"x"), by=person)
    assert queries_of(operator, LIST) == few
    assert len(listed(operator)) == 11


def test_a_page_costs_the_same_for_many_problems(flat, made, alice, operator):
    run_until_idle()
    few = queries_of(operator, change_url(made))
    many = BulkAdd.create(flat, ContentFile(b"good\n" + b"\x00\n\n" * 60), by=alice)
    run_until_idle()
    assert queries_of(operator, change_url(many)) == few


@pytest.mark.parametrize(
    ("query", "count"),
    [
        *(("?q=lines.txt", 1), ("?q=renovation", 1), ("?q=alice@example.com", 1), ("?q=bob", 0)),
        *(("?q=%00", 1), (f"?q={10**30}", 0), ("?state=checking", 1), ("?state=done", 0), ("?state=odd", 1)),
        *(("?ending__exact=discarded", 0), ("?ending__exact=", 1)),
    ],
)
def test_they_are_searched_and_filtered(made, operator, query, count):
    assert len(listed(operator, query)) == count


def in_each_state(flat, alice) -> dict[State, BulkAdd]:
    """One bulk add in each state."""
    made = {state: BulkAdd.create(flat, ContentFile(b"x"), by=alice) for state in list(State)[1:]}
    run_until_idle()
    made[State.ENDED].discard(by=alice)
    over = (State.DONE, State.UNDOING, State.UNDONE)
    for state in over:
        made[state].refresh_from_db()
        made[state].confirm(by=alice)
    run_until_idle()
    for state in (State.UNDONE, State.UNDOING):
        made[state].refresh_from_db()
        made[state].undo(by=alice)
        if state == State.UNDONE:
            run_until_idle()
    made[State.ADDING].refresh_from_db()
    made[State.ADDING].confirm(by=alice)
    return made | {State.CHECKING: BulkAdd.create(flat, ContentFile(b"x"), by=alice)}


def test_each_state_is_found_as_it_is_shown(flat, alice, operator):
    made = in_each_state(flat, alice)
    for state, one in made.items():
        one.refresh_from_db()
        assert one.state == state
        assert listed(operator, f"?state={state}") == [one]


def test_it_is_read_only(made, operator):
    before = BulkAdd.objects.values().get()
    assert operator.post(change_url(made), {"ending": "expired", "lines": "7"}).status_code == 403
    assert operator.get(reverse("admin:todos_bulkadd_add")).status_code == 403
    assert operator.post(reverse("admin:todos_bulkadd_delete", args=[made.pk]), {"post": "yes"}).status_code == 403
    operator.post(LIST, {"action": "delete_selected", "_selected_action": [made.pk], "post": "yes"})
    assert BulkAdd.objects.values().get() == before


def test_it_is_for_staff_with_the_permission(made, make_user, sign_in, alice):
    nobody, viewer = make_user("Sten", is_staff=True), make_user("Vera", is_staff=True)
    viewer.user_permissions.add(Permission.objects.get(codename="view_bulkadd"))
    for url in (LIST, change_url(made)):
        assert sign_in(viewer).get(url).status_code == 200
        assert sign_in(nobody).get(url).status_code == 403
        assert sign_in(alice).get(url).status_code == 302
