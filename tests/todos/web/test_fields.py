"""What the forms say about text that cannot be stored."""

import pytest

from todos.attachments.forms import CaptionForm
from todos.lists.forms import AddForm, ListForm


@pytest.mark.parametrize(
    ("form", "field"), [(CaptionForm, "caption"), (ListForm, "name"), (AddForm, "text"), (AddForm, "notes")]
)
def test_a_character_that_cannot_be_stored_is_named_once(form, field):
    told = form({"text": "x"} | {field: "a\0b"}).errors[field]
    assert told == ["This contains a character that can't be stored (U+0000). Remove it and try again."]
