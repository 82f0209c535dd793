from typing import Any

from django import forms
from django.core.files.base import File
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

_SHOWN_AGAIN = 1024 * 1024  # bytes


class TypedFile(forms.Textarea):
    """A text that comes in as a file, because it may be as large as one (see `todos.bulk_adds.spool`)."""

    needs_multipart_form = True

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return files.get(name)

    def format_value(self, value: Any) -> str:
        """Show what was typed again, unless it is very long."""
        if not isinstance(value, File) or value.size > _SHOWN_AGAIN:
            return ""
        value.seek(0)
        typed: bytes = value.read()
        return typed.decode(errors="replace").replace("\x00", "")


class TypedFileField(forms.FileField):
    widget = TypedFile

    def bound_data(self, data: Any, initial: Any) -> Any:
        return data


class BulkAddForm(forms.Form):
    lines = TypedFileField(
        label=_("Lines"),
        required=False,
        allow_empty_file=True,
        widget=TypedFile(attrs={"rows": 12, "autocomplete": "off", "spellcheck": "false", "autofocus": True}),
        help_text=_("One to-do per line. Empty lines are skipped."),
    )
    file = forms.FileField(
        label=_("Or a text file"),
        required=False,
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ".txt,.csv,.md,text/plain"}),
        help_text=_("UTF-8, up to 100,000 lines or 20 MB."),
    )

    def __init__(self, *args: Any, largest: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.largest = largest
        too_large = _("This file is larger than 20 MB. Split it and add the parts one at a time.")
        self.fields["file"].widget.attrs |= {"data-largest": largest, "data-too-large": too_large}

    def clean(self) -> dict[str, Any]:
        lines, file = self.cleaned_data.get("lines"), self.cleaned_data.get("file")
        if lines is not None and file is not None:
            raise forms.ValidationError(gettext("Enter lines or choose a file, not both."))
        if lines is None and file is None:
            raise forms.ValidationError(gettext("Type or paste some lines, or choose a file."))
        for name, given in (("lines", lines), ("file", file)):
            if given is not None and given.size > self.largest:
                self.add_error(name, gettext("This is larger than 20 MB. Split it and add the parts one at a time."))
        if file is not None and not file.size:
            self.add_error("file", gettext("This file is empty."))
        return self.cleaned_data
