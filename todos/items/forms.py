from typing import Any

from django import forms
from django.core.files.base import File
from django.core.validators import ProhibitNullCharactersValidator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.invitations import LASTS
from accounts.models import User
from accounts.settings.forms import days_field, uses_field
from accounts.text import many_lines, one_line, validate_characters, validate_visible
from todos.bulk_adds.lines import TEXT_LENGTH
from todos.models import Role, Todo
from todos.models.attachment import CAPTION_LENGTH
from todos.models.todo import NOTES_LENGTH

_LARGEST_ID = 2**63 - 1
_SHOWN_AGAIN = 1024 * 1024  # bytes


class TextField(forms.CharField):
    """Says once what is wrong with a NUL: `validate_characters`, which all below have, knows it too."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.validators = [one for one in self.validators if not isinstance(one, ProhibitNullCharactersValidator)]


class LineField(TextField):
    """One line of text that shows something; pasted line breaks and tabs become spaces."""

    default_validators = [validate_characters, validate_visible]

    def to_python(self, value: Any) -> str:
        return one_line(super().to_python(value) or "")


class LinesField(TextField):
    widget = forms.Textarea
    default_validators = [validate_characters]

    def to_python(self, value: Any) -> str:
        return many_lines(super().to_python(value) or "")


class ListForm(forms.Form):
    name = LineField(label=_("Name"), max_length=200)


class AddForm(forms.Form):
    text = LineField(label=_("To-do"), max_length=TEXT_LENGTH)
    notes = LinesField(label=_("Notes"), max_length=NOTES_LENGTH, required=False)


class TodoForm(forms.Form):
    """Takes the text, the notes or both: what is not sent is not touched."""

    text = LineField(label=_("Text"), max_length=TEXT_LENGTH)
    notes = LinesField(label=_("Notes"), max_length=NOTES_LENGTH, required=False)

    def __init__(self, data: Any = None, *, todo: Todo) -> None:
        stored = {"text": todo.text, "notes": todo.notes}
        self._sent = [name for name in stored if data is not None and name in data]
        # The page shows both fields again when one is wrong.
        super().__init__(None if data is None else stored | {name: data[name] for name in self._sent}, initial=stored)

    def clean(self) -> dict[str, Any]:
        if not self._sent:
            raise forms.ValidationError(gettext("Send a text or notes."))
        return self.cleaned_data

    def sent(self) -> dict[str, str]:
        return {name: self.cleaned_data[name] for name in self._sent}


class TypedFile(forms.Textarea):
    """A text that comes in as a file, because it may be as large as one (see `todos.bulk_adds.spool`)."""

    needs_multipart_form = True

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:  # noqa: ARG002 - Django's
        return files.get(name)

    def format_value(self, value: Any) -> str:
        """Show again what was typed, where it is no book."""
        if not isinstance(value, File) or value.size > _SHOWN_AGAIN:
            return ""
        value.seek(0)
        typed: bytes = value.read()
        return typed.decode(errors="replace").replace("\x00", "")


class TypedFileField(forms.FileField):
    widget = TypedFile

    def bound_data(self, data: Any, initial: Any) -> Any:  # noqa: ARG002 - Django's
        return data


class BulkAddForm(forms.Form):
    lines = TypedFileField(
        label=_("Lines"),
        required=False,
        allow_empty_file=True,
        widget=TypedFile(attrs={"rows": 12, "autocomplete": "off", "spellcheck": "false", "autofocus": True}),
        help_text=_("One to-do a line. Empty lines are skipped."),
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
        too_large = _("This file is larger than 20 MB. Split it and add the parts one after the other.")
        self.fields["file"].widget.attrs |= {"data-largest": largest, "data-too-large": too_large}

    def clean(self) -> dict[str, Any]:
        lines, file = self.cleaned_data.get("lines"), self.cleaned_data.get("file")
        if lines is not None and file is not None:
            raise forms.ValidationError(gettext("Give either lines or a file, not both."))
        if lines is None and file is None:
            raise forms.ValidationError(gettext("Write or paste some lines, or choose a file."))
        for name, given in (("lines", lines), ("file", file)):
            if given is not None and given.size > self.largest:
                self.add_error(
                    name, gettext("This is larger than 20 MB. Split it and add the parts one after another.")
                )
        if file is not None and not file.size:
            self.add_error("file", gettext("This file is empty."))
        return self.cleaned_data


class MoveForm(forms.Form):
    list = forms.IntegerField(label=_("List"), min_value=0, max_value=_LARGEST_ID, required=False)
    after = forms.IntegerField(label=_("Behind"), min_value=0, max_value=_LARGEST_ID, required=False)

    def clean(self) -> dict[str, Any]:
        """Tell an empty `after`, which means the first place, from one that was not sent."""
        if "after" in self.data and "after" not in self.errors:
            self.cleaned_data["after"] = self.cleaned_data["after"] or 0
        if not self.errors and not self.data.get("list") and "after" not in self.data:
            raise forms.ValidationError(gettext("Say where to move it."))
        return self.cleaned_data


class CaptionForm(forms.Form):
    caption = LineField(label=_("Caption"), max_length=CAPTION_LENGTH, required=False)

    def clean(self) -> dict[str, Any]:
        if "caption" not in self.data:  # an empty one takes the caption off
            raise forms.ValidationError(gettext("Send a caption."))
        return self.cleaned_data


class FileMoveForm(forms.Form):
    after = forms.IntegerField(min_value=0, max_value=_LARGEST_ID, required=False)

    def clean(self) -> dict[str, Any]:
        """An empty `after` means the first place."""
        if "after" not in self.data:
            raise forms.ValidationError(gettext("Say where to move it."))
        self.cleaned_data["after"] = self.cleaned_data.get("after") or 0
        return self.cleaned_data


class RoleForm(forms.Form):
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices)


class MemberForm(forms.Form):
    """A person to share a list with: a member, or with `invite` somebody who has no account yet."""

    email = forms.EmailField(label=_("E-mail address"), max_length=254)
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices, initial=Role.EDITOR)
    days = days_field()

    person: User | None = None
    offers_invitation = False

    def __init__(self, data: Any = None) -> None:
        # The page has this field only once it offers an invitation.
        super().__init__(None if data is None else {"days": LASTS.days, **data.dict()})

    def clean_email(self) -> str:
        email = User.objects.normalize_email(self.cleaned_data["email"])
        self.person = User.objects.active().filter(email=email).first()
        if self.person is None and "invite" not in self.data:
            self.offers_invitation = True
            raise forms.ValidationError(gettext("Nobody with this address has an account here."))
        return email


class LinkForm(forms.Form):
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices, initial=Role.EDITOR)
    uses = uses_field()
    days = days_field()
