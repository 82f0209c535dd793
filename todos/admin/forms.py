from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.contrib.admin.widgets import AdminTextareaWidget, AdminTextInputWidget, AutocompleteSelect
from django.utils.translation import gettext_lazy as _

from todos.models import Membership, Role, Todo, TodoList
from todos.models.todo import NOTES_LENGTH, TEXT_LENGTH
from todos.refusals import LastOwner
from todos.web.fields import LineField, LinesField


class TodoListForm(forms.ModelForm[TodoList]):
    name = LineField(label=_("Name"), max_length=200, widget=AdminTextInputWidget)

    class Meta:
        model = TodoList
        fields: ClassVar = ["name"]


class TodoForm(forms.ModelForm[Todo]):
    text = LineField(label=_("Text"), max_length=TEXT_LENGTH, widget=AdminTextInputWidget)
    notes = LinesField(label=_("Notes"), max_length=NOTES_LENGTH, required=False, widget=AdminTextareaWidget)

    class Meta:
        model = Todo
        fields: ClassVar = ["text", "notes"]


class MemberSelect(AutocompleteSelect):
    def optgroups(self, name: str, value: Sequence[str], attr: dict[str, Any] | None = None) -> list[Any]:
        """Show nobody as chosen if what was sent is no id; Django would query the database for it anyway."""
        ids = [pk for pk in value if pk.isascii() and pk.isdigit() and len(pk) < 19]
        return super().optgroups(name, ids, attr)


class MembersFormSet(forms.BaseInlineFormSet[Membership, TodoList, forms.ModelForm[Membership]]):
    def clean(self) -> None:
        """Refuse to remove the last owner; a list whose owner was deleted can be saved as it is."""
        super().clean()
        forms_ = [form for form in self.initial_forms if hasattr(form, "cleaned_data")]
        had = any(form.initial.get("role") == Role.OWNER for form in forms_)
        if had and not any(_stays_owner(form.cleaned_data) for form in forms_):
            raise forms.ValidationError(str(LastOwner()))


def _stays_owner(cleaned: dict[str, Any]) -> bool:
    return cleaned.get("role") == Role.OWNER and not cleaned.get("DELETE")
