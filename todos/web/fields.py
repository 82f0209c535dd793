"""Form fields for typed text, with one clear error for characters that cannot be stored or seen."""

from typing import Any

from django import forms
from django.core.validators import ProhibitNullCharactersValidator

from accounts.text import many_lines, one_line, validate_characters, validate_visible

LARGEST_ID = 2**63 - 1


class TextField(forms.CharField):
    """Says once what is wrong with a NUL: `validate_characters`, which all below have, knows it too."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.validators = [one for one in self.validators if not isinstance(one, ProhibitNullCharactersValidator)]


class LineField(TextField):
    """One line of text with something visible; pasted line breaks and tabs become spaces."""

    default_validators = [validate_characters, validate_visible]

    def to_python(self, value: Any) -> str:
        return one_line(super().to_python(value) or "")


class LinesField(TextField):
    widget = forms.Textarea
    default_validators = [validate_characters]

    def to_python(self, value: Any) -> str:
        return many_lines(super().to_python(value) or "")
