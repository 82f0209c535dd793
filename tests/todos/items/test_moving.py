import pytest

from todos.models import Todo, TodoList, Verb, positions
from todos.models.todo import Place
from todos.refusals import ListInTheTrash, MovedMeanwhile, NeighbourGone

pytestmark = pytest.mark.database


@pytest.fixture
def abcd(flat, alice) -> list[Todo]:
    """Four to-dos, in this order from the top."""
    return [flat.add(text, by=alice) for text in "dcba"][::-1]


@pytest.fixture
def garden(alice, bob) -> TodoList:
    garden = TodoList.create("Garden", by=alice)
    garden.add_member(bob, role="editor", by=alice, tell=False)
    return garden


def test_new_to_dos_stand_first(flat, abcd, texts):
    assert texts(flat) == ["a", "b", "c", "d"]


def test_moving_behind_another(flat, abcd, texts, bob):
    a, b, c, d = abcd
    assert a.move(after=c.pk, by=bob) == Place(flat.pk, 0)
    assert texts(flat) == ["b", "c", "a", "d"]
    assert d.move(after=b.pk, by=bob) == Place(flat.pk, a.pk)
    assert texts(flat) == ["b", "d", "c", "a"]


def test_moving_to_the_first_place(flat, abcd, texts, bob):
    assert abcd[2].move(after=0, by=bob)
    assert texts(flat) == ["c", "a", "b", "d"]


@pytest.mark.parametrize(("index", "after"), [(0, 0), (1, "a"), (1, "b"), (3, None)])
def test_moving_to_where_it_stands_changes_nothing(abcd, bob, index, after):
    named = {"a": abcd[0].pk, "b": abcd[1].pk}
    assert abcd[index].move(after=named.get(after, after), by=bob) is None
    assert not abcd[index].activities.filter(verb=Verb.MOVED).exists()


def test_moving_behind_what_is_in_the_trash_uses_its_place(flat, abcd, texts, bob):
    _a, b, _c, d = abcd
    b.trash(by=bob)
    d.move(after=b.pk, by=bob)
    assert texts(flat) == ["a", "d", "c"]
    b.restore(by=bob)
    assert texts(flat) == ["a", "b", "d", "c"]


@pytest.mark.slow
def test_the_same_gap_can_be_used_without_end(flat, abcd, texts, alice):
    a, _b, _c, _d = abcd
    for number in range(60):
        flat.add(str(number), by=alice).move(after=a.pk, by=alice)
    assert texts(flat) == ["a", *map(str, range(59, -1, -1)), "b", "c", "d"]


def test_equal_positions_keep_their_order_when_spread(flat, abcd, texts):
    Todo.objects.update(position=7)
    before = texts(flat)
    positions.spread(flat.pk)
    assert texts(flat) == before
    assert len(set(Todo.objects.values_list("position", flat=True))) == 4


def test_spreading_leaves_other_lists_alone(flat, abcd, garden, alice):
    rake = garden.add("Rake", by=alice)
    positions.spread(flat.pk)
    before = rake.position
    rake.refresh_from_db()
    assert rake.position == before


def test_moving_to_another_list_puts_it_first_and_back_to_its_place(flat, garden, abcd, texts, alice, bob):
    garden.add("Rake", by=alice)
    left = abcd[2].move(to=garden, by=bob)
    assert left == Place(flat.pk, abcd[1].pk)
    assert texts(garden) == ["c", "Rake"]
    moved = abcd[2].activities.newest_first()[0]
    assert (moved.list, moved.changes["list"]) == (garden, [flat.pk, garden.pk])
    assert moved.sentence == "moved it to another list"
    abcd[2].move(to=flat, after=left.after, by=bob)
    assert texts(flat) == ["a", "b", "c", "d"]


def test_moving_back_works_when_the_neighbour_has_gone(flat, garden, abcd, texts, bob):
    left = abcd[2].move(to=garden, by=bob)
    abcd[1].move(to=garden, by=bob)
    assert abcd[2].move(to=flat, after=left.after, by=bob)
    assert texts(flat) == ["c", "a", "d"]


def test_moving_behind_a_to_do_of_another_list_is_refused(flat, garden, abcd, texts, alice, bob):
    rake = garden.add("Rake", by=alice)
    with pytest.raises(NeighbourGone):
        abcd[2].move(after=rake.pk, by=bob)
    assert texts(flat) == ["a", "b", "c", "d"]


def test_a_stale_copy_of_what_was_moved_elsewhere_is_refused(flat, garden, abcd, bob):
    stale = Todo.objects.get(pk=abcd[0].pk)
    abcd[0].move(to=garden, by=bob)
    with pytest.raises(MovedMeanwhile):
        stale.move(after=abcd[2].pk, by=bob)


def test_a_list_in_the_trash_takes_nothing(flat, garden, abcd, alice, bob):
    garden.trash(by=alice)
    with pytest.raises(ListInTheTrash):
        abcd[0].move(to=garden, by=bob)
