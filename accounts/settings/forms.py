from __future__ import annotations

import zoneinfo
from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.extensions import Shared
from accounts.invitations import LASTS
from accounts.leaving.deleting import Heir
from accounts.models import Invitation, MailKind, User
from accounts.models.invitation import MOST_USES
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

    language = forms.ChoiceField(label=_("Language"), choices=lambda: settings.LANGUAGES)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if len(settings.LANGUAGES) == 1:
            del self.fields["language"]
        for kind in MailKind:
            label = _("Mail: %(what)s") % {"what": kind.label}
            self.fields[_mail_field(kind)] = forms.BooleanField(label=label, required=False)

    @classmethod
    def of(cls, user: User) -> SettingsForm:
        initial: dict[str, Any] = {"name": user.name, "time_zone": user.time_zone, "language": user.language_code}
        return cls(initial=initial | {_mail_field(kind): user.wants(kind) for kind in MailKind})

    def clean_name(self) -> str:
        return person_name(self.cleaned_data["name"])

    def values(self) -> dict[str, Any]:
        """Return what `User.change_settings` takes."""
        chosen = {name: self.cleaned_data[name] for name in ("name", "time_zone", "language") if name in self.fields}
        unwanted = [kind.value for kind in MailKind if not self.cleaned_data[_mail_field(kind)]]
        return chosen | {"unwanted_mails": unwanted}


class EmailForm(forms.Form):
    email = forms.EmailField(
        label=_("New e-mail address"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._person = person

    def clean_email(self) -> str:
        email = User.objects.normalize_email(self.cleaned_data["email"])
        if email == self._person.email:
            raise ValidationError(_("That is your address already."))
        return email


class DeletionForm(forms.Form):
    """Who gets what only the person owns; a field for each such thing."""

    def __init__(self, *args: Any, shared: list[Shared], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._shared = shared
        for thing in shared:
            heirs = [(str(heir.pk), str(heir)) for heir in thing.heirs]
            self.fields[self._name(thing)] = forms.ChoiceField(
                label=_("New owner of “%(name)s”") % {"name": thing.label},
                required=False,
                choices=[("", _("Let the operators find one")), *heirs],
            )

    def heirs(self) -> list[Heir]:
        chosen = [(thing, self.cleaned_data[self._name(thing)]) for thing in self._shared]
        return [[thing.part, thing.key, int(heir)] for thing, heir in chosen if heir]

    @staticmethod
    def _name(thing: Shared) -> str:
        return f"{thing.part}-{thing.key}"


def _mail_field(kind: MailKind) -> str:
    return f"mail_{kind}"


class AcceptForm(forms.Form):
    """Who comes by an invitation; an address that it is bound to cannot be changed."""

    name = forms.CharField(
        label=_("Name"),
        max_length=100,
        help_text=_("How others see you."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    email = forms.EmailField(
        label=_("E-mail address"),
        max_length=254,
        help_text=_("You sign in with it."),
        widget=forms.EmailInput(attrs={"autocomplete": "username"}),
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        help_text=_("At least 8 characters; a few words are easy to remember."),
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
        label=_("Works for"),
        choices=[(1, _("1 day")), (7, _("7 days")), (30, _("30 days"))],
        initial=LASTS.days,
        coerce=lambda days: timedelta(days=int(days)),
    )


def uses_field() -> forms.IntegerField:
    return forms.IntegerField(label=_("People"), min_value=1, max_value=MOST_USES, initial=1)
