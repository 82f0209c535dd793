from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from todos.models import Todo
from todos.models.todo import NOTES_LENGTH, TEXT_LENGTH
from todos.web.fields import LARGEST_ID, LineField, LinesField


class TodoForm(forms.Form):
    """Accepts the text, the notes or both: what is not sent is not changed."""

    text = LineField(label=_("Text"), max_length=TEXT_LENGTH)
    notes = LinesField(label=_("Notes"), max_length=NOTES_LENGTH, required=False)

    def __init__(self, data: Any = None, *, todo: Todo) -> None:
        stored = {"text": todo.text, "notes": todo.notes}
        self._sent = [name for name in stored if data is not None and name in data]
        # The page shows both fields again when one is wrong.
        super().__init__(None if data is None else stored | {name: data[name] for name in self._sent}, initial=stored)

    def clean(self) -> dict[str, Any]:
        if not self._sent:
            raise forms.ValidationError(gettext("Enter some text or notes."))
        return self.cleaned_data

    def sent(self) -> dict[str, str]:
        return {name: self.cleaned_data[name] for name in self._sent}


class MoveForm(forms.Form):
    list = forms.IntegerField(label=_("List"), min_value=0, max_value=LARGEST_ID, required=False)
    after = forms.IntegerField(label=_("After"), min_value=0, max_value=LARGEST_ID, required=False)

    def clean(self) -> dict[str, Any]:
        """Tell an empty `after`, which means the first place, from one that was not sent."""
        if "after" in self.data and "after" not in self.errors:
            self.cleaned_data["after"] = self.cleaned_data["after"] or 0
        if not self.errors and not self.data.get("list") and "after" not in self.data:
            raise forms.ValidationError(gettext("Choose where to move it."))
        return self.cleaned_data
