"""Which characters text can contain. PostgreSQL refuses NUL; control and direction characters mislead people."""

import unicodedata

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

_CONTROL = {"Cc", "Cs"}
_OVERRIDES = "\N{LEFT-TO-RIGHT OVERRIDE}\N{RIGHT-TO-LEFT OVERRIDE}"


def one_line(text: str) -> str:
    """Return the text trimmed, with line breaks, tabs and runs of white space as one space."""
    return " ".join(text.split())


def many_lines(text: str) -> str:
    """Return the text trimmed, with line breaks as LF: browsers send CRLF, and an edit is judged by comparing."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def validate_characters(text: str) -> None:
    """Raise ValidationError for a control character other than a line break or a tab, or one that turns text around."""
    for character in text:
        if (unicodedata.category(character) in _CONTROL and character not in "\n\t") or character in _OVERRIDES:
            raise ValidationError(
                _("This contains a character that can't be stored (%(code)s). Remove it and try again."),
                code="control_character",
                params={"code": f"U+{ord(character):04X}"},
            )


def person_name(text: str) -> str:
    """Return a person's name on one line, as it appears in subjects and tables; empty is allowed, invisible is not."""
    name = one_line(text)
    validate_characters(name)
    if name:
        validate_visible(name)
    return name


def validate_visible(text: str) -> None:
    """Raise ValidationError for text without anything visible, such as a lone zero-width space."""
    if all(unicodedata.category(character)[0] in "CZ" for character in text):
        raise ValidationError(_("Enter some visible text."), code="invisible")
