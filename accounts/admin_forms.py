from typing import Any

from allauth.account.models import EmailAddress
from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.forms import time_zone_choices
from accounts.models import User
from accounts.text import person_name


class PersonForm(forms.ModelForm[User]):
    """An operator changes a person; a ban is a tick, its instant is noted here."""

    banned = forms.BooleanField(
        label=_("Banned"),
        required=False,
        help_text=_("Shuts the person out at once, also where they are signed in. No tick lifts the ban."),
    )
    ban_seen = forms.CharField(required=False, widget=forms.HiddenInput)
    time_zone = forms.ChoiceField(label=_("Time zone"), choices=time_zone_choices)

    operator: User  # who changes the person; set by the admin

    class Meta:
        model = User
        fields = ("email", "name", "banned", "banned_until", "ban_reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._was_let_in = bool(self.instance.pk) and self.instance.may_sign_in()
        self._ban = str(self.instance.banned_at or "")
        if "banned" in self.fields:  # absent for who may only look
            self.fields["banned"].initial = self.instance.is_banned()
            self.fields["ban_seen"].initial = self._ban

    def clean_email(self) -> str:
        return free_address(self.cleaned_data["email"], owner=self.instance)

    def clean_name(self) -> str:
        return person_name(self.cleaned_data["name"])

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if values.get("ban_seen") != self._ban:
            raise ValidationError(_("Somebody banned this person or lifted the ban meanwhile. Open the page anew."))
        now, was_banned = timezone.now(), self.instance.is_banned()
        if values.get("banned"):
            if not was_banned:
                self.instance.banned_at = now
            if values.get("banned_until") and values["banned_until"] <= now:
                self.add_error("banned_until", _("This is over already."))
        else:
            if not was_banned and {"banned_until", "ban_reason"} & set(self.changed_data):
                self.add_error("banned", _("Tick this to ban the person, or leave the end and the reason as they are."))
            self.instance.banned_at = None
            values |= {"banned_until": None, "ban_reason": ""}
        return values

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        if self._was_let_in and not self.instance.may_sign_in():
            self.instance.end_sessions()
            if self.instance == self.operator:
                self.add_error(None, _("You cannot shut yourself out. Ask another operator to do it."))


class NewPersonForm(forms.ModelForm[User]):
    password1 = forms.CharField(
        label=_("Password"),
        strip=False,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("Leave it empty and the person chooses one through a link."),
    )
    password2 = forms.CharField(
        label=_("Password (again)"),
        strip=False,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    send_link = forms.BooleanField(
        label=_("Mail a link to choose a password"),
        required=False,
        initial=True,
        help_text=_("For a person without a password."),
    )

    class Meta:
        model = User
        fields = ("email", "name")

    def clean_email(self) -> str:
        return free_address(self.cleaned_data["email"], owner=self.instance)

    def clean_name(self) -> str:
        return person_name(self.cleaned_data["name"])

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if values.get("password1", "") != values.get("password2", ""):
            self.add_error("password2", _("The two passwords differ."))
        return values

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        # Only now does the person have the address and name the password must not resemble.
        if password := self.cleaned_data.get("password1"):
            try:
                validate_password(password, self.instance)
            except ValidationError as error:
                self.add_error("password1", error)
        self.instance.set_password(password or None)


def free_address(email: str, *, owner: User) -> str:
    """Return the address as stored; raises ValidationError where somebody else signs in with it."""
    email = User.objects.normalize_email(email)
    others = EmailAddress.objects.filter(email=email).exclude(user_id=owner.pk)
    if others.exists() or User.objects.filter(email=email).exclude(pk=owner.pk).exists():
        raise ValidationError(_("Somebody else signs in with this address."))
    return email
