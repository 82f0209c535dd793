import pytest
from django.core.exceptions import ValidationError

from accounts.text import many_lines, one_line, validate_characters, validate_visible
from todos.lists.forms import AddForm, ListForm


def test_a_line_is_trimmed_and_has_no_line_breaks():
    assert one_line("  Order\r\ntiles,\t4 m²  ") == "Order tiles, 4 m²"


def test_notes_keep_their_lines_as_lf():
    assert many_lines("\r\none\r\n\r\ntwo\rthree ") == "one\n\ntwo\nthree"


@pytest.mark.parametrize("character", ["\x00", "\x07", "\x1b", "\x7f", "\x9b", "\u202d", "\u202e"])
def test_control_characters_are_refused_by_name(character):
    with pytest.raises(ValidationError, match=f"U\\+{ord(character):04X}"):
        validate_characters(f"a{character}b")


def test_a_text_shows_something():
    with pytest.raises(ValidationError):
        validate_visible("\u200b\u2060")


@pytest.mark.parametrize("text", ["", "   ", "\r\n", "a\x00b", "\u200b", "x" * 501])
def test_the_form_refuses_what_is_no_text(text):
    form = AddForm({"text": text})
    assert not form.is_valid()
    assert "text" in form.errors


@pytest.mark.parametrize("name", ["", " ", "\x00", "x" * 201])
def test_the_form_refuses_what_is_no_name(name):
    assert not ListForm({"name": name}).is_valid()


def test_notes_have_a_limit():
    assert AddForm({"text": "a", "notes": "x" * 20_000}).is_valid()
    assert not AddForm({"text": "a", "notes": "x" * 20_001}).is_valid()
