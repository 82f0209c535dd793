import pytest
from django.http import QueryDict
from django.template import Context, Template

from todos.lists.filters import Filters, todos_of

pytestmark = pytest.mark.database


def parsed(query: str) -> Filters:
    return Filters.from_params(QueryDict(query))


def test_a_url_is_its_filters():
    assert parsed("q=+tiles+&status=all&sort=text&page=3") == Filters(q="tiles", status="all", sort="text", page=3)


@pytest.mark.parametrize(
    "query",
    [
        "",
        "status=&sort=&page=&q=",
        "status=ALL&sort=id&page=0",
        "status=active%00&sort[]=text&page=-1",
        "page=1e3&q=%00",
        f"page={10**30}&q={'x' * 5000}",
        "page=%D9%A3&status=%FF&q=%1b",
        "page=%B2",
        "sort=position;drop",
    ],
)
def test_what_cannot_be_understood_counts_as_absent(query):
    assert parsed(query) == Filters()


def test_links_keep_the_other_filters_and_go_to_the_first_page():
    filters = Filters(q="a b", status="all", page=3)
    assert filters.query() == "?q=a+b&status=all&page=3"
    assert filters.query(sort="text") == "?q=a+b&status=all&sort=text"
    assert filters.query(page=4) == "?q=a+b&status=all&page=4"


def test_links_carry_only_what_differs_from_the_default():
    assert Filters(q="a b", status="all").query(status="active") == "?q=a+b"
    assert Filters(page=3).query(page=1) == ""


def test_the_tag_makes_links():
    template = Template('{% load filters %}{% filter_url filters status="completed" page=1 %}')
    assert template.render(Context({"filters": Filters(status="all", page=9)})) == "?status=completed"


def test_a_link_reads_back_as_its_filters():
    filters = Filters(q="100 % & ü", status="completed", sort="created", page=2)
    assert Filters.from_url(f"/lists/1/{filters.query()}") == filters


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (Filters(), ["paint", "Ölen", "100% wool"]),
        (Filters(status="completed"), ["bolts"]),
        (Filters(status="all"), ["paint", "bolts", "Ölen", "100% wool"]),
        (Filters(status="all", sort="text"), ["100% wool", "bolts", "paint", "Ölen"]),
        (Filters(status="all", sort="created"), ["paint", "bolts", "Ölen", "100% wool"]),
        (Filters(status="all", sort="completed"), ["bolts", "paint", "Ölen", "100% wool"]),
        (Filters(status="all", q="BOLT"), ["bolts"]),
        (Filters(status="all", q="%"), ["100% wool"]),
        (Filters(status="all", q="in the notes"), ["paint"]),
        (Filters(status="all", q="_"), []),
    ],
)
def test_what_a_filter_shows(flat, alice, filters, expected):
    for text in ["100% wool", "Ölen", "bolts", "paint", "trashed bolts"]:
        flat.add(text, notes="It stands in the notes" if text == "paint" else "", by=alice)
    flat.todos.get(text="bolts").complete(by=alice)
    flat.todos.get(text="trashed bolts").trash(by=alice)
    found = [todo.text for todo in todos_of(flat.pk, filters=filters)]
    assert found == expected
