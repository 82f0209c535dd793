"""Pages cost the same however much there is. The figures are what they cost now; ten is the limit for a list page."""

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from tests.todos.attachments.files import arrived, attach, picture
from todos.models import Activity, Attachment, BulkAdd, Membership, Role, Todo, TodoList, Verb, positions
from uploads.models import Upload
from workflows.testing import run_until_idle

LIMIT = 10
FRAGMENT = {"hx_request": "true", "hx_target": "section#bulk-add"}
ROWS = {"hx_request": "true", "hx_target": "section#rows"}


@pytest.fixture
def counted(sign_in):
    """Return how many queries a page costs a person who has opened it before."""

    def count(user: User, url: str, **headers) -> int:
        client = sign_in(user)
        client.get(url)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url, headers=headers).status_code == 200
        return len(queries)

    return count


def crowd(todo_list: TodoList, *, todos: int, members: int) -> None:
    people = User.objects.bulk_create(User(email=f"p{n}@example.com", name=f"P {n}") for n in range(members))
    Membership.objects.bulk_create(Membership(list=todo_list, user=person, role=Role.EDITOR) for person in people)
    now = timezone.now()
    Todo.objects.bulk_create(
        Todo(
            list=todo_list,
            text=f"To-do {n}",
            position=n * positions.GAP,
            created_by=people[n % members],
            completed_at=now if n % 3 == 0 else None,
            completed_by=people[n % members] if n % 3 == 0 else None,
            trashed_at=now if n % 10 == 7 else None,
            trashed_by=people[n % members] if n % 10 == 7 else None,
        )
        for n in range(todos)
    )


@pytest.mark.slow
def test_a_list_of_ten_thousand_costs_what_one_of_three_costs(flat, alice, counted):
    queries = ["", "?status=all", "?status=completed&sort=completed", "?sort=text&page=3", "?q=To-do+99", "?page=9999"]
    urls = [f"/lists/{flat.pk}/{query}" for query in queries]
    for text in ("To-do 99", "b", "c"):
        flat.add(text, by=alice)
    flat.todos.get(text="b").complete(by=alice)
    few = [counted(alice, url) for url in urls]
    crowd(flat, todos=10_000, members=12)
    assert [counted(alice, url) for url in urls] == few
    assert max(few) <= LIMIT
    assert max(counted(alice, url, **ROWS) for url in urls) <= LIMIT


def test_the_other_pages_cost_the_same_for_many(flat, tiles, alice, counted):
    urls = ["/lists/", "/trash/", f"/todos/{tiles.pk}/", f"/lists/{flat.pk}/members/", f"/lists/{flat.pk}/edit/"]
    flat.add("y", by=alice).trash(by=alice)
    few = {url: counted(alice, url) for url in urls}
    crowd(flat, todos=300, members=60)
    for number in range(60):
        other = TodoList.create(f"List {number}", by=alice)
        other.add("x", by=alice).trash(by=alice)
        if number % 2:
            other.trash(by=alice)
    Activity.objects.bulk_create(
        Activity(list=flat, todo=tiles, actor_id=person, verb=Verb.COMPLETED)
        for person in Membership.objects.filter(list=flat).values_list("user", flat=True)
    )
    many = {url: counted(alice, url) for url in urls}
    assert many == few
    assert max(many.values()) <= LIMIT


@pytest.mark.slow
def test_a_bulk_add_costs_the_same_for_many(flat, alice, counted):
    def pages(lines: bytes, **options) -> list[int]:
        made = BulkAdd.create(flat, ContentFile(lines), by=alice)
        url = made.get_absolute_url()
        costs = [counted(alice, url)]
        run_until_idle()
        costs += [counted(alice, url), counted(alice, f"/bulk-adds/new/{flat.pk}/")]
        made.confirm(by=alice)
        costs.append(counted(alice, url, **FRAGMENT))
        run_until_idle()
        return [*costs, counted(alice, url)]

    pages(b"a\n\nb")
    few = pages(b"a\n\nb")
    assert pages(b"a\n\nb\x00\n" * 2000) == few
    assert max(few) <= LIMIT


def test_files_cost_the_same_for_many(flat, tiles, alice, counted):
    attach(tiles, by=alice)
    trashed = attach(tiles, by=alice)
    trashed.trash(by=alice)
    flat.add("y", by=alice).trash(by=alice)
    arrived(tiles, picture(), by=alice)
    urls = [flat.get_absolute_url(), tiles.get_absolute_url(), "/trash/"]
    follow = {"hx_request": "true", "hx_target": "div#attachment-list"}

    def costs() -> list[int]:
        return [*(counted(alice, url) for url in urls), counted(alice, f"/todos/{tiles.pk}/attachments/", **follow)]

    few = costs()
    crowd(flat, todos=60, members=5)
    now = timezone.now()
    for todo in flat.todos.all():
        uploads = Upload.objects.bulk_create(
            Upload(
                owner=alice,
                name=f"{n}.png",
                type="image/png",
                size=9,
                stored_size=9,
                sha256="x",
                target_kind="todo",
                target_id=str(todo.pk),
                state="ready",
                **dict.fromkeys(("completed_at", "settled_at", "thumbnails_at"), now),
            )
            for n in range(9)
        )
        Attachment.objects.bulk_create(
            Attachment(todo=todo, upload=upload, position=n, created_by=alice, trashed_at=now if n % 3 == 2 else None)
            for n, upload in enumerate(uploads)
        )
    assert costs() == few
    assert max(few) <= LIMIT


def test_a_swapped_row_costs_the_same_in_a_long_list(flat, tiles, alice, sign_in):
    client = sign_in(alice)

    def cost(verb: str) -> int:
        page = f"http://testserver{flat.get_absolute_url()}"
        headers = {"HX-Request": "true", "HX-Target": f"li#todo-{tiles.pk}", "HX-Current-URL": page}
        with CaptureQueriesContext(connection) as queries:
            assert client.post(f"/todos/{tiles.pk}/{verb}/", headers=headers).status_code == 200
        return len(queries)

    few = cost("complete")
    crowd(flat, todos=300, members=5)
    assert cost("reopen") == few


def test_open_to_dos_are_counted_from_an_index_alone(flat, alice):
    if connection.vendor != "sqlite":
        pytest.skip("a planner with statistics decides otherwise for tables this small")
    plan = TodoList.objects.for_sidebar(alice).explain()
    assert "todos_todo_open" in plan


def test_anonymous_pages_ask_nothing(client, db):
    with CaptureQueriesContext(connection) as queries:
        client.get("/accounts/login/")
    assert not [query for query in queries if "todos_" in query["sql"]]
