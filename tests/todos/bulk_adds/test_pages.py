"""Adding many lines: what members see and may."""

from pathlib import Path

import pytest
from django.contrib.messages import get_messages
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse

from tests.todos.bulk_adds.making import LINES, new_url, upload
from todos.models import BulkAdd, Todo
from todos.models.bulkadd import Ending, State
from workflows import engine
from workflows.models import Run, Worker
from workflows.testing import run_until_idle

pytestmark = pytest.mark.django_db


@pytest.fixture
def checked(flat, alice) -> BulkAdd:
    """Alice's lines, checked: three to-dos, an empty line, and one that is not UTF-8."""
    made = BulkAdd.create(flat, ContentFile(LINES), by=alice, file_name="lines.txt")
    run_until_idle()
    made.refresh_from_db()
    return made


@pytest.fixture
def added(checked, alice) -> BulkAdd:
    checked.confirm(by=alice)
    run_until_idle()
    checked.refresh_from_db()
    return checked


def test_from_lines_to_to_dos(flat, bob, sign_in, texts):
    flat.add("Order tiles", by=bob)
    client = sign_in(bob)
    response = client.post(new_url(flat), {"lines": "Buy grout\r\n\r\nBuy primer"})
    made = BulkAdd.objects.get()
    assert (response.status_code, response["Location"]) == (302, made.get_absolute_url())
    assert "being checked" in client.get(response["Location"]).text
    run_until_idle()
    page = client.get(response["Location"])
    assert page.context["state"] == State.PREVIEW
    assert "Add 2 to-dos" in page.text
    assert "The line is empty." in page.text
    assert texts(flat) == ["Order tiles"]
    assert client.post(reverse("todos:bulk_add_confirm", args=[made.pk])).status_code == 302
    run_until_idle()
    assert texts(flat) == ["Buy grout", "Buy primer", "Order tiles"]
    assert "3 = 2 added + 1 skipped + 0 failed" in client.get(response["Location"]).text


def test_a_to_do_has_all_that_one_added_alone_has(flat, added, alice):
    alone = flat.add("Buy brushes", by=alice)
    one = Todo.objects.get(text="Buy grout")
    for name in ("notes", "completed_at", "completed_by", "trashed_at", "trashed_by", "created_by", "list"):
        assert getattr(one, name) == getattr(alone, name)
    assert one.created_at == one.updated_at
    assert abs(one.created_at - alone.created_at).total_seconds() < 60
    [activity] = one.activities.all()
    [reference] = alone.activities.all()
    assert (activity.sentence, activity.actor, activity.list) == (reference.sentence, alice, flat)
    assert activity.changes == {"text": [None, "Buy grout"]}
    assert activity.created_at == one.created_at
    one.edit(by=alice, text="Buy more grout")
    assert one.complete(by=alice)


def test_a_file_with_a_mark_and_any_line_ends(flat, alice, sign_in, texts):
    sign_in(alice).post(new_url(flat), upload(b"\xef\xbb\xbfa\r\nb\rc\n", "Einkäufe.txt"))
    run_until_idle()
    made = BulkAdd.objects.get()
    made.confirm(by=alice)
    run_until_idle()
    assert texts(flat) == ["a", "b", "c"]
    assert made.file_name == "Einkäufe.txt"


def test_the_page_without_htmx_and_with(checked, alice, sign_in):
    client, url = sign_in(alice), checked.get_absolute_url()
    assert client.get(url).text.count("<html") == 1
    fragment = client.get(url, headers={"hx-request": "true", "hx-target": "section#bulk-add"}).text
    assert fragment.strip().startswith("{") is False
    assert fragment.count('<section class="bulk-add"') == 1
    assert "<html" not in fragment
    assert "hx-trigger" not in fragment


def test_a_live_page_asks_again_until_it_is_over(flat, alice, sign_in):
    made = BulkAdd.create(flat, ContentFile(LINES), by=alice)
    client = sign_in(alice)
    url = made.get_absolute_url()
    live = client.get(url).text
    assert 'hx-trigger="every 1s"' in live
    assert '<noscript><meta http-equiv="refresh"' in live
    assert "No worker is running" in live
    Worker.objects.create(name="one", started_at=made.created_at, heartbeat_at=made.created_at)
    assert "No worker is running" not in client.get(url).text
    run_until_idle()
    assert "every 1s" not in client.get(url).text


@pytest.mark.parametrize(
    ("verb", "said"),
    [("pause", "An operator has paused this"), ("cancel", "An operator cancelled this")],
)
def test_what_an_operator_did_to_the_run_is_told(flat, alice, sign_in, verb, said):
    made = BulkAdd.create(flat, ContentFile(LINES), by=alice)
    getattr(engine, verb)(made.run_id)
    page = sign_in(alice).get(made.get_absolute_url()).text
    assert said in page
    assert "being checked" not in page


def test_a_cancelled_one_can_be_discarded_but_not_confirmed(checked, alice, sign_in):
    engine.cancel(checked.run_id)
    client = sign_in(alice)
    response = client.post(reverse("todos:bulk_add_confirm", args=[checked.pk]))
    assert "has ended" in said(response)
    checked.refresh_from_db()
    assert checked.confirmed_at is None
    client.post(reverse("todos:bulk_add_discard", args=[checked.pk]))
    checked.refresh_from_db()
    assert checked.ending == Ending.DISCARDED


def said(response) -> str:
    return [str(message) for message in get_messages(response.wsgi_request)][-1]


def test_the_report_names_each_line(added, bob, sign_in):
    response = sign_in(bob).get(reverse("todos:bulk_add_report", args=[added.pk]))
    assert response["Content-Disposition"] == f'attachment; filename="bulk-add-{added.pk}.csv"'
    assert b"".join(response.streaming_content).decode().splitlines() == [
        "line,outcome,reason",
        "1,added,",
        "2,skipped,The line is empty.",
        "3,added,",
        "4,skipped,Byte 4 (0xE9) is not UTF-8.",
        "5,added,",
    ]


def test_undo_says_how_many_and_once_more_changes_nothing(flat, added, alice, bob, sign_in, texts):
    added.todos.get(text="Buy tape").trash(by=bob)
    added.todos.get(text="Buy primer").complete(by=bob)
    client = sign_in(alice)
    url = reverse("todos:bulk_add_undo", args=[added.pk])
    client.post(url)
    run_until_idle()
    assert "Undone: 2 to-dos were moved to the trash." in client.get(added.get_absolute_url()).text
    assert texts(flat) == []
    trashed = Todo.objects.get(text="Buy grout")
    assert (trashed.trashed_by, trashed.activities.newest_first()[0].sentence) == (alice, "moved it to the trash")
    assert trashed.restore(by=alice)
    assert "already been undone" in said(client.post(url))
    run_until_idle()
    assert texts(flat) == ["Buy grout"]


def test_nothing_can_be_undone_before_it_is_over(checked, alice, sign_in):
    response = sign_in(alice).post(reverse("todos:bulk_add_undo", args=[checked.pk]))
    assert "once that is done" in said(response)


def test_discarding_ends_it(checked, alice, sign_in, texts):
    client = sign_in(alice)
    client.post(reverse("todos:bulk_add_discard", args=[checked.pk]))
    run_until_idle()
    assert "discarded. Nothing was added" in client.get(checked.get_absolute_url()).text
    assert "has ended" in said(client.post(reverse("todos:bulk_add_confirm", args=[checked.pk])))
    assert not Todo.objects.exists()
    assert Run.objects.get(pk=checked.run_id).status == "succeeded"


def test_what_is_confirmed_is_not_discarded(checked, alice, sign_in):
    checked.confirm(by=alice)
    assert "being added" in said(sign_in(alice).post(reverse("todos:bulk_add_discard", args=[checked.pk])))


# --- Who may -----------------------------------------------------------------------------------------------------

VERBS = ["bulk_add_confirm", "bulk_add_discard", "bulk_add_undo"]


@pytest.fixture(params=VERBS)
def verb_url(request, flat, alice) -> str:
    """The address of a verb on something it changes."""
    made = BulkAdd.create(flat, ContentFile(LINES), by=alice)
    run_until_idle()
    if request.param == "bulk_add_undo":
        made.confirm(by=alice)
        run_until_idle()
    return reverse(f"todos:{request.param}", args=[made.pk])


def snapshot() -> tuple:
    return BulkAdd.objects.values_list("confirmed_by", "finished_by", "undo_by").get()


def test_a_verb_works_for_owners_and_editors(verb_url, alice, bob, sign_in):
    before = snapshot()
    assert sign_in(bob).post(verb_url).status_code == 302
    assert bob.pk in snapshot()
    changed = snapshot()
    assert changed != before
    assert sign_in(alice).post(verb_url).status_code == 302  # twice is once
    assert snapshot() == changed


def test_a_verb_is_refused_to_others(verb_url, carol, mallory, sign_in):
    before = snapshot()
    assert sign_in(carol).post(verb_url).status_code == 403
    assert sign_in(mallory).post(verb_url).status_code == 404
    assert Client().post(verb_url).status_code == 302
    assert sign_in(carol).get(verb_url).status_code == 405
    assert snapshot() == before


def test_pages_are_for_those_who_may_change_the_list(flat, checked, alice, bob, carol, mallory, sign_in):
    urls = [new_url(flat), checked.get_absolute_url(), reverse("todos:bulk_add_report", args=[checked.pk])]
    for url in urls:
        expected = {alice: 200, bob: 200, carol: 403, mallory: 404}
        assert {person: sign_in(person).get(url).status_code for person in expected} == expected
        assert Client().get(url).status_code == 302
    for person, status in ((carol, 403), (mallory, 404)):
        assert sign_in(person).post(new_url(flat), upload()).status_code == status
    flat.trash(by=alice)
    assert [sign_in(alice).get(url).status_code for url in urls] == [404, 404, 404]
    assert BulkAdd.objects.count() == 1


def test_the_list_page_leads_there_for_writers_only(flat, bob, carol, sign_in):
    assert new_url(flat) in sign_in(bob).get(flat.get_absolute_url()).text
    assert new_url(flat) not in sign_in(carol).get(flat.get_absolute_url()).text


def test_earlier_ones_are_found_again(flat, added, bob, sign_in):
    page = sign_in(bob).get(new_url(flat)).text
    assert added.get_absolute_url() in page
    assert "lines.txt" in page
    assert "3 to-dos" in page


def test_many_skipped_lines_are_paged(flat, alice, sign_in):
    made = BulkAdd.create(flat, ContentFile(b"good\n" + b"\x00\nx\x01\n" * 60), by=alice)
    run_until_idle()
    client = sign_in(alice)
    assert len(client.get(made.get_absolute_url()).context["skipped_lines"]) == 50
    last = client.get(made.get_absolute_url() + "?page=3").context["skipped_lines"]
    assert [row.first for row in last][-1] == 121
    assert client.get(made.get_absolute_url() + "?page=nonsense").status_code == 200


def test_the_text_is_stored_privately(checked):
    assert Path(default_storage.path(checked.source)).stat().st_mode & 0o777 == 0o600
