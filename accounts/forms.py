import zoneinfo

from django import forms
from django.utils.translation import gettext_lazy as _

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
        help_text=_("How others see you; empty shows the first part of your e-mail address."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    time_zone = forms.ChoiceField(label=_("Time zone"), choices=time_zone_choices)

    @classmethod
    def of(cls, user: User) -> "SettingsForm":
        return cls(initial={field: getattr(user, field) for field in cls.base_fields})

    def clean_name(self) -> str:
        return person_name(self.cleaned_data["name"])
