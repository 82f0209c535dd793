from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.invitations.verbs import LASTS
from accounts.models import Invitation, User
from accounts.models.invitation import MOST_USES
from accounts.text import person_name


class AcceptForm(forms.Form):
    """The account of an invited person; if the invitation is for one address, that address cannot be changed."""

    name = forms.CharField(
        label=_("Name"),
        max_length=100,
        help_text=_("This is how others see you."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    email = forms.EmailField(
        label=_("Email address"),
        max_length=254,
        help_text=_("You will sign in with this address."),
        widget=forms.EmailInput(attrs={"autocomplete": "username"}),
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        help_text=_("At least 8 characters. A few words are easy to remember."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, data: Any = None, *, invitation: Invitation) -> None:
        super().__init__(data, initial={"email": invitation.email})
        self.fields["email"].disabled = bool(invitation.email)

    def clean_name(self) -> str:
        return person_name(self.cleaned_data["name"])

    def clean_email(self) -> str:
        return User.objects.normalize_email(self.cleaned_data["email"])

    def clean(self) -> dict[str, Any]:
        person = User(name=self.cleaned_data.get("name", ""), email=self.cleaned_data.get("email", ""))
        if password := self.cleaned_data.get("password"):
            try:
                validate_password(password, person)
            except ValidationError as error:
                self.add_error("password", error)
        return self.cleaned_data


def days_field() -> forms.TypedChoiceField:
    """Return a field whose value is how long an invitation lasts."""
    return forms.TypedChoiceField(
        label=_("Valid for"),
        choices=[(1, _("1 day")), (7, _("7 days")), (30, _("30 days"))],
        initial=LASTS.days,
        coerce=lambda days: timedelta(days=int(days)),
    )


def uses_field() -> forms.IntegerField:
    return forms.IntegerField(label=_("People"), min_value=1, max_value=MOST_USES, initial=1)
