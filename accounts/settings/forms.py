from __future__ import annotations

import zoneinfo
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts import mail
from accounts.models import User
from accounts.text import person_name


def time_zone_choices() -> list[tuple[str, str]]:
    return [(name, name.replace("_", " ")) for name in sorted(zoneinfo.available_timezones())]


class SettingsForm(forms.Form):
    """What members choose for themselves; the theme has buttons in the navigation of every page.

    Not a ModelForm: `request.user` must not change before the form is valid.
    """

    name = forms.CharField(
        label=_("Name"),
        max_length=100,
        required=False,
        help_text=_("This is how others see you. If empty, the first part of your email address is shown."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    time_zone = forms.ChoiceField(label=_("Time zone"), choices=time_zone_choices)

    language = forms.ChoiceField(label=_("Language"), choices=lambda: settings.LANGUAGES)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if len(settings.LANGUAGES) == 1:
            del self.fields["language"]
        for kind, words in mail.kinds().items():
            self.fields[_mail_field(kind)] = forms.BooleanField(label=str(words), required=False)

    @classmethod
    def of(cls, user: User) -> SettingsForm:
        initial: dict[str, Any] = {"name": user.name, "time_zone": user.time_zone, "language": user.language_code}
        return cls(initial=initial | {_mail_field(kind): user.wants(kind) for kind in mail.kinds()})

    def clean_name(self) -> str:
        return person_name(self.cleaned_data["name"])

    def values(self) -> dict[str, Any]:
        """Return what `User.change_settings` takes."""
        chosen = {name: self.cleaned_data[name] for name in ("name", "time_zone", "language") if name in self.fields}
        unwanted = [kind for kind in mail.kinds() if not self.cleaned_data[_mail_field(kind)]]
        return chosen | {"unwanted_mails": unwanted}


def _mail_field(kind: str) -> str:
    return f"mail_{kind}"
