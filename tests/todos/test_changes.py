"""The outlet: one id for all that a transaction did, and one message for each who listens."""

import ast
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.transaction import TransactionManagementError
from django.test.utils import CaptureQueriesContext

from tests.at_once import at_once
from tests.todos.bulk_adds.making import confirm
from todos import changes
from todos.models import Activity, Role, Todo, TodoList, Verb
from workflows.core import codec, definitions
from workflows.models import Message
from workflows.testing import advance, crash_at, run_until_idle

pytestmark = pytest.mark.database
real = pytest.mark.django_db(transaction=True)
wrapped = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def nobody_listens(monkeypatch):
    monkeypatch.setattr(definitions, "_consumers", dict(definitions._consumers))
    monkeypatch.setattr(changes, "subscribers", {})


@pytest.fixture
def listen():
    """Return a function that subscribes to verbs, and returns a list of what will be heard of each change."""

    def subscribe(*verbs: Verb, name: str = "test", **options) -> list[list[str]]:
        heard: list[list[str]] = []

        @changes.subscriber(name, verbs=verbs, **options)
        def hear(activities) -> None:
            heard.append([f"{row.actor} {row.sentence}" for row in activities])

        return heard

    return subscribe


@contextmanager
def rolled_back() -> Iterator[None]:
    """Be a transaction, or within one a savepoint, that an error ends."""
    with suppress(RuntimeError), transaction.atomic():
        yield
        raise RuntimeError


def sent(name: str = "test") -> list[Message]:
    return list(Message.objects.filter(queue=f"changes.{name}").order_by("pk"))


def change_of(verb: Verb, todo: Todo | None = None):
    rows = Activity.objects.filter(verb=verb)
    return (rows.filter(todo=todo) if todo else rows).newest_first()[0].change


# --- One id for each transaction -----------------------------------------------------------------------------------


@real
def test_what_one_transaction_does_carries_one_id(flat, alice, bob):
    with transaction.atomic():
        todo = flat.add("Order tiles", by=alice)
        with transaction.atomic():
            todo.complete(by=bob)
        flat.rename("Flat", by=alice)
    change = change_of(Verb.ADDED)
    assert change.version == 7
    assert [row.verb for row in Activity.objects.of_change(change)] == ["added", "completed", "list_renamed"]


@real
def test_the_next_transaction_gets_another(flat, alice):
    ids = [flat.add("x", by=alice).activities.get().change for _time in range(3)]
    assert len(set(ids)) == 3


@real
def test_an_id_does_not_outlive_a_rollback(flat, alice):
    with rolled_back():
        lost = flat.add("x", by=alice).activities.get().change
    assert flat.add("y", by=alice).activities.get().change != lost
    assert not Activity.objects.of_change(lost).exists()


@real
def test_an_id_does_not_outlive_the_savepoint_it_began_in(flat, alice):
    with transaction.atomic():
        with rolled_back():
            lost = flat.add("x", by=alice).activities.get().change
        first, second = (flat.add(text, by=alice).activities.get().change for text in "yz")
    assert first == second != lost


@real
def test_an_id_outlives_a_savepoint_within(flat, alice):
    with transaction.atomic():
        first = flat.add("x", by=alice).activities.get().change
        with rolled_back():
            flat.add("y", by=alice)
        second = flat.add("z", by=alice).activities.get().change
    assert first == second
    assert Activity.objects.of_change(first).count() == 2


@real
def test_two_connections_at_once_have_two_ids(flat, alice, bob):
    def twice(by) -> None:
        with transaction.atomic():
            for _time in range(2):
                TodoList.objects.get(pk=flat.pk).add("x", by=by)

    assert at_once(lambda: twice(alice), lambda: twice(bob)) == [None, None]
    added = flat.activities.filter(verb=Verb.ADDED)
    [of_alice], [of_bob] = (set(added.filter(actor=by).values_list("change", flat=True)) for by in (alice, bob))
    assert of_alice != of_bob
    assert added.count() == 4


@real
def test_outside_of_a_transaction_nothing_is_recorded(flat, alice):
    with pytest.raises(TransactionManagementError):
        changes.record([Activity(list=flat, verb=Verb.LIST_RENAMED, actor=alice)])
    assert not flat.activities.filter(verb=Verb.LIST_RENAMED).exists()


@wrapped
def test_a_test_that_is_rolled_back_sees_the_same(flat, alice, listen):
    heard = listen(Verb.ADDED)
    ids = [flat.add(text, by=alice).activities.get().change for text in "xy"]
    assert len(set(ids)) == 2
    with transaction.atomic():
        flat.add("z", by=alice)
        flat.add("z", by=alice)
    run_until_idle()
    assert heard == [["Alice added it"], ["Alice added it"], ["Alice added it"] * 2]
    with pytest.raises(TransactionManagementError):
        changes.record([Activity(list=flat, verb=Verb.LIST_RENAMED, actor=alice)])


@wrapped
def test_rows_of_a_change_are_found_by_an_index(flat, alice):
    change = flat.add("x", by=alice).activities.get().change
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET enable_seqscan = off")
    assert "todos_activity_change" in Activity.objects.of_change(change).explain()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("RESET enable_seqscan")


# --- Who listens hears of it ---------------------------------------------------------------------------------------


@real
def test_a_subscriber_hears_once_of_all_that_it_listens_to(flat, alice, bob, listen):
    heard = listen(Verb.ADDED, Verb.COMPLETED)
    with transaction.atomic():
        todo = flat.add("x", by=alice)
        todo.complete(by=bob)
        todo.reopen(by=bob)
        flat.add("y", by=alice)
    assert len(sent()) == 1
    run_until_idle()
    assert heard == [["Alice added it", "Bob completed it", "Alice added it"]]
    flat.add("z", by=alice)
    run_until_idle()
    assert heard[1:] == [["Alice added it"]]


@wrapped
def test_the_message_is_the_id_alone(flat, alice, listen):
    listen(Verb.ADDED)
    todo = flat.add("Something that is nobody's business", by=alice)
    assert codec.decode(sent()[0].body) == {"change": change_of(Verb.ADDED, todo)}


@real
def test_what_was_rolled_back_is_not_told(flat, alice, listen):
    heard = listen(Verb.ADDED)
    with rolled_back():
        flat.add("x", by=alice)
    assert not sent()
    with transaction.atomic():
        flat.add("y", by=alice)
        with rolled_back():
            flat.add("z", by=alice)
    run_until_idle()
    assert heard == [["Alice added it"]]


@real
def test_a_message_that_went_with_its_savepoint_is_sent_by_the_next(flat, tiles, alice, bob, listen):
    heard = listen(Verb.COMPLETED)
    with transaction.atomic():
        flat.add("x", by=alice)  # begins the change, and nobody listens to it
        with rolled_back():
            Todo.objects.get(pk=tiles.pk).complete(by=alice)
        assert not sent()
        Todo.objects.get(pk=tiles.pk).complete(by=bob)
    assert len(sent()) == 1
    run_until_idle()
    assert heard == [["Bob completed it"]]


@real
def test_a_database_error_in_a_savepoint_leaves_the_rest_to_be_told(flat, alice, listen):
    heard = listen(Verb.ADDED, Verb.LIST_RENAMED)
    with transaction.atomic():
        flat.rename("Flat", by=alice)
        with suppress(DatabaseError), transaction.atomic():
            flat.add("x", by=alice)
            Todo.objects.create(list=flat, text="", position=0)
    run_until_idle()
    assert heard == [["Alice renamed the list from “Flat renovation” to “Flat”"]]


@real
@pytest.mark.parametrize("point", ["messages.send.before", "messages.send.after"])
def test_a_message_and_its_cause_are_one(tiles, bob, listen, point):
    listen(Verb.COMPLETED)
    with crash_at(point):
        tiles.complete(by=bob)
    assert not Todo.objects.completed().exists()
    assert not sent()


@wrapped
def test_when_decides_whether_there_is_a_message_and_which_rows_it_brings(flat, alice, bob, listen):
    heard = listen(Verb.ADDED, when=lambda activity: activity.actor == bob)
    flat.add("x", by=alice)
    assert not sent()
    with transaction.atomic():
        flat.add("y", by=alice)
        flat.add("z", by=bob)
    run_until_idle()
    assert heard == [["Bob added it"]]


@wrapped
def test_when_is_asked_about_what_the_verb_has(flat, tiles, alice, bob, listen):
    asked = []

    def when(activity: Activity) -> bool:
        with CaptureQueriesContext(connection) as queries:
            asked.append((activity.actor, activity.todo, activity.list_id, activity.changes))
        assert len(queries) == 0
        return False

    listen(Verb.ADDED, Verb.MEMBER_REMOVED, Verb.LIST_RENAMED, when=when)
    todo = flat.add("x", by=bob)
    flat.rename("Flat", by=alice)
    flat.memberships.get(user=bob).remove(by=alice)
    [added, renamed, removed] = asked
    assert added == (bob, todo, flat.pk, {"text": [None, "x"]})
    assert renamed == (alice, None, flat.pk, {"name": ["Flat renovation", "Flat"]})
    assert removed[:3] == (alice, None, flat.pk)
    assert removed[3]["role"] == [Role.EDITOR, None]


@wrapped
def test_one_that_fails_delays_no_other(tiles, bob, listen, caplog):
    failing = [True]

    @changes.subscriber("failing", verbs={Verb.COMPLETED}, retry_delay=timedelta(minutes=1))
    def fail(activities):
        if failing:
            raise RuntimeError("no")
        heard_late.append(len(activities))

    heard_late: list[int] = []
    heard = listen(Verb.COMPLETED)
    tiles.complete(by=bob)
    run_until_idle()
    assert (heard, heard_late) == ([["Bob completed it"]], [])
    failing.clear()
    advance(timedelta(minutes=1))
    run_until_idle()
    assert (len(heard), heard_late) == (1, [1])
    assert "RuntimeError: no" in caplog.text


@wrapped
def test_a_change_that_fails_takes_no_other_change_with_it(flat, alice, listen, caplog):
    heard: list[str] = []

    @changes.subscriber("picky", verbs={Verb.ADDED}, max_retries=1)
    def hear(activities):
        [text] = [row.todo.text for row in activities]
        if text == "bad":
            raise RuntimeError("bad")
        heard.append(text)

    for text in ("bad", "good", "better"):
        flat.add(text, by=alice)
    for _time in range(3):
        run_until_idle()
        advance(timedelta(minutes=1))
    assert heard == ["good", "better"]
    assert [message.dead_at is not None for message in sent("picky")] == [True, False, False]


@wrapped
def test_a_worker_that_dies_hears_again(tiles, bob, listen):
    heard = listen(Verb.COMPLETED)
    tiles.complete(by=bob)
    with crash_at("messages.acknowledge.before"):
        run_until_idle()
    advance(timedelta(seconds=10))
    run_until_idle()
    assert heard == [["Bob completed it"]] * 2


@wrapped
def test_what_was_purged_meanwhile_is_not_told(flat, tiles, alice, bob, listen):
    heard = listen(Verb.COMPLETED)
    tiles.complete(by=bob)
    tiles.delete()
    run_until_idle()
    assert heard == []
    assert sent()[0].acknowledged_at


@wrapped
def test_a_bulk_add_sends_one_message_for_each_batch(bulk_add, alice, small_batches, listen):
    asked = []

    def when(activity: Activity) -> bool:
        asked.append((activity.verb, activity.actor, activity.pk))
        return True

    heard = listen(Verb.ADDED, when=when)
    confirm(bulk_add, by=alice)
    assert [len(rows) for rows in heard] == [5, 5, 5, 5, 3]
    assert len(sent()) == 5
    assert asked.count((Verb.ADDED, alice, None)) == 5
    ids = Activity.objects.filter(verb=Verb.ADDED).values_list("change", flat=True)
    assert None not in ids
    assert len(set(ids)) == 5


@wrapped
def test_nobody_is_subscribed_twice_under_one_name(listen):
    listen(Verb.ADDED)
    with pytest.raises(definitions.DuplicateDefinition):
        listen(Verb.COMPLETED)
    assert Verb.COMPLETED not in changes.subscribers


# --- What it costs -------------------------------------------------------------------------------------------------


@pytest.fixture
def tick(tiles, bob):
    """Return a function that completes a to-do, opens it again, and returns the statements that completing took."""

    def statements() -> list[str]:
        todo = Todo.objects.get(pk=tiles.pk)
        with CaptureQueriesContext(connection) as queries:
            assert todo.complete(by=bob)
        todo.reopen(by=bob)
        found = [re.match(r'(SELECT|UPDATE "\w+"|INSERT INTO "\w+")', query["sql"]) for query in queries]
        return [match[0] for match in found if match]

    return statements


PLAIN = ["SELECT", 'UPDATE "todos_todo"', 'INSERT INTO "todos_activity"']


@wrapped
def test_a_tick_costs_nothing_more_when_nobody_listens(tick, listen):
    assert tick() == PLAIN
    listen(Verb.REOPENED)
    assert tick() == PLAIN
    listen(Verb.COMPLETED, name="never", when=lambda _activity: False)
    assert tick() == PLAIN


@wrapped
def test_a_tick_costs_a_statement_for_each_who_listens(tick, listen):
    for number in range(3):
        listen(Verb.COMPLETED, name=f"test {number}")
    assert tick() == [*PLAIN, *['INSERT INTO "workflows_message"'] * 3]


@real
def test_the_doorbell_rings_once_for_all(tiles, bob, listen, monkeypatch):
    rung = []
    bell = SimpleNamespace(ring=lambda: rung.append(1))
    monkeypatch.setattr("workflows.core.doorbell._bell", bell)
    for number in range(3):
        listen(Verb.COMPLETED, name=f"test {number}")
    tiles.complete(by=bob)
    assert rung == [1]


# --- Everything goes through it ------------------------------------------------------------------------------------

WRITING = {"create", "acreate", "bulk_create", "abulk_create", "get_or_create", "update_or_create", "save"}


def writers_of_activity(source: str) -> list[int]:
    """Return the lines that make rows of Activity: by its manager, by a related one, by the row itself, in SQL."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in WRITING:
            if re.search(r"\b(Activity|activit(y|ies))\b", ast.unparse(node)):
                found.append(node.lineno)
        elif isinstance(node, ast.Constant) and re.search(r"INSERT INTO\W+todos_activity", str(node.value)):
            found.append(node.lineno)
    return found


@pytest.mark.parametrize(
    "source",
    [
        "Activity.objects.create(list=one)",
        "Activity.objects.bulk_create(Activity(list=row) for row in rows)",
        "todo.activities.create(verb=verb)",
        "Activity(list=one).save()",
        "activity.save(force_insert=True)",
        "models.Activity.objects.get_or_create(list=one)",
        "type(activities[0]).objects.bulk_create(activities)",
        "cursor.execute('INSERT INTO todos_activity (id) VALUES (1)')",
        "cursor.execute(f'INSERT INTO \"todos_activity\" ({names}) {select}')",
    ],
)
def test_writers_are_recognised(source):
    assert writers_of_activity(source) == [1]


def test_every_writer_of_activity_ends_in_the_outlet():
    """The statement of a bulk add is handed to `record`, which gives it the change."""
    found = {
        str(path.relative_to(ROOT))
        for app in ("project", "accounts", "uploads", "todos")
        for path in (ROOT / app).rglob("*.py")
        if "migrations" not in path.parts and writers_of_activity(path.read_text())
    }
    assert found == {"todos/changes.py", "todos/bulk_adds/writing.py"}
    assert "changes.record([like], save=lambda: _insert(" in (ROOT / "todos/bulk_adds/writing.py").read_text()


# --- What was before -----------------------------------------------------------------------------------------------


@pytest.mark.slow
@real
def test_rows_of_an_earlier_version_stay_and_belong_to_no_change(tiles):
    MigrationExecutor(connection).migrate([("todos", "0005_file_ends")])
    MigrationExecutor(connection).migrate([("todos", "0006_changes")])
    old = tiles.activities.get()
    assert (old.verb, old.change) == (Verb.ADDED, None)
