from django import forms
from django.utils.translation import gettext_lazy as _

from todos.models.todo import NOTES_LENGTH, TEXT_LENGTH
from todos.web.fields import LineField, LinesField


class ListForm(forms.Form):
    name = LineField(label=_("Name"), max_length=200)


class AddForm(forms.Form):
    text = LineField(label=_("To-do"), max_length=TEXT_LENGTH)
    notes = LinesField(label=_("Notes"), max_length=NOTES_LENGTH, required=False)
