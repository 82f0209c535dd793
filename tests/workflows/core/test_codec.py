import uuid
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.core.codec import LIMIT, decode, encode
from workflows.core.errors import NotSerializable, TooLarge

pytestmark = pytest.mark.database

texts = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]))
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    texts,
    st.dates(),
    st.datetimes(timezones=st.just(UTC)),
    st.datetimes(),
    st.times(),
    st.timedeltas(),
    st.decimals(allow_nan=False),
    st.uuids(),
)
keys = st.one_of(texts, st.sampled_from(["$type", "value"]))
values = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(keys, inner), max_leaves=20)


@given(values)
def test_what_is_stored_comes_back_as_what_it_was(value):
    found = decode(encode(value, what="it"))
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    "value",
    [
        date(2026, 1, 1),
        datetime(2026, 1, 1, tzinfo=UTC),
        time(12, 30),
        timedelta(days=-1, microseconds=3),
        Decimal("1.10"),
        uuid.UUID(int=7),
        {"$type": "date", "value": "2026-01-01"},
        {"$type": {"$type": "dict"}},
    ],
)
def test_kinds_and_look_alikes(value):
    assert repr(decode(encode([value], what="it"))) == repr([value])


def test_a_zone_is_kept_as_its_offset():
    moment = datetime(2026, 7, 1, 12, tzinfo=ZoneInfo("Europe/Berlin"))
    assert decode(encode(moment, what="it")) == moment


def test_a_tuple_is_a_list_at_once():
    assert decode(encode((1, 2), what="it")) == [1, 2]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({1, 2}, "it is of type set, which cannot be stored"),
        ({"a": [1, object()]}, r"it\['a'\]\[1\] is of type object"),
        ({1: 2}, "the key 1 of it is of type int, not text"),
        (float("nan"), "it is the number nan"),
        (float("inf"), "it is the number inf"),
        ("a\x00b", "it is text with a NUL character"),
        ("\ud800", "it is text with half a surrogate pair"),
        (b"bytes", "it is of type bytes"),
    ],
)
def test_what_cannot_be_stored_is_named(value, message):
    with pytest.raises(NotSerializable, match=message):
        encode(value, what="it")


def test_a_value_within_itself_is_refused():
    value: list = []
    value.append(value)
    with pytest.raises(NotSerializable, match="nested too deeply"):
        encode(value, what="it")


def test_the_limit_counts_bytes():
    assert encode("x" * (LIMIT - 2), what="it")
    with pytest.raises(TooLarge, match="it takes 1048577 bytes, but at most 1048576 can be stored"):
        encode("x" * (LIMIT - 1), what="it")
    with pytest.raises(TooLarge):
        encode("é" * (LIMIT // 2), what="it")
