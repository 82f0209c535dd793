from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.extensions import Shared
from accounts.leaving.deleting import Heir


class DeletionForm(forms.Form):
    """A field for each thing that only this person owns: who gets it?"""

    def __init__(self, *args: Any, shared: list[Shared], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._shared = shared
        for thing in shared:
            heirs = [(str(heir.pk), str(heir)) for heir in thing.heirs]
            self.fields[self._name(thing)] = forms.ChoiceField(
                label=_("New owner of “%(name)s”") % {"name": thing.label},
                required=False,
                choices=[("", _("Let the operators choose")), *heirs],
            )

    def heirs(self) -> list[Heir]:
        chosen = [(thing, self.cleaned_data[self._name(thing)]) for thing in self._shared]
        return [[thing.extension, thing.key, int(heir)] for thing, heir in chosen if heir]

    @staticmethod
    def _name(thing: Shared) -> str:
        return f"{thing.extension}-{thing.key}"
