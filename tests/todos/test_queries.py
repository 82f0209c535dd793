"""Pages cost the same however much there is. The figures are what they cost now; ten is the limit for a list page."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from todos.models import Activity, Membership, Role, Todo, TodoList, Verb, positions

LIMIT = 10


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


@pytest.mark.parametrize(
    "query", ["", "?status=all", "?status=completed&sort=completed", "?sort=text&page=3", "?q=To-do+99", "?page=9999"]
)
def test_a_list_of_ten_thousand_costs_what_one_of_three_costs(flat, alice, counted, query):
    for text in "abc":
        flat.add(text, by=alice)
    few = counted(alice, f"/lists/{flat.pk}/{query}")
    crowd(flat, todos=10_000, members=12)
    url = f"/lists/{flat.pk}/{query}"
    assert counted(alice, url) == few <= LIMIT
    assert counted(alice, url, hx_request="true", hx_target="section#rows") <= LIMIT


def test_the_other_pages_cost_the_same_for_many(flat, tiles, alice, counted):
    urls = ["/lists/", "/trash/", f"/todos/{tiles.pk}/", f"/lists/{flat.pk}/members/", f"/lists/{flat.pk}/edit/"]
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


@pytest.mark.parametrize("verb", ["complete", "trash"])
def test_a_verb_in_a_list_of_ten_thousand_reads_one_row(flat, tiles, alice, sign_in, verb):
    crowd(flat, todos=10_000, members=5)
    client = sign_in(alice)
    headers = {"HX-Request": "true", "HX-Target": f"li#todo-{tiles.pk}", "HX-Current-URL": flat.get_absolute_url()}
    with CaptureQueriesContext(connection) as queries:
        assert client.post(f"/todos/{tiles.pk}/{verb}/", headers=headers).status_code == 200
    assert len(queries) <= 14


def test_open_to_dos_are_counted_from_an_index_alone(flat, alice):
    if connection.vendor != "sqlite":
        return  # a planner with statistics chooses otherwise for tables as small as this
    plan = TodoList.objects.for_sidebar(alice).explain()
    assert "todos_todo_open" in plan


def test_anonymous_pages_ask_nothing(client, db):
    with CaptureQueriesContext(connection) as queries:
        client.get("/accounts/login/")
    assert not [query for query in queries if "todos_" in query["sql"]]
