from typing import Any

from allauth.account.models import EmailAddress
from django import forms
from django.contrib.auth.forms import AdminPasswordChangeForm
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.mail import send_mail
from accounts.models import AuditKind, User
from accounts.settings.forms import time_zone_choices
from accounts.text import person_name


class PersonForm(forms.ModelForm[User]):
    """An operator changes a person."""

    time_zone = forms.ChoiceField(label=_("Time zone"), choices=time_zone_choices)

    operator: User  # who changes the person; set by the admin

    class Meta:
        model = User
        fields = ("email", "name")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._was_let_in = bool(self.instance.pk) and self.instance.may_sign_in()

    def clean_email(self) -> str:
        return free_address(self.cleaned_data["email"], owner=self.instance)

    def clean_name(self) -> str:
        return person_name(self.cleaned_data["name"])

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        if self._was_let_in and not self.instance.may_sign_in():
            self.instance.end_sessions()
            if self.instance == self.operator:
                self.add_error(None, _("You can't lock yourself out. Ask another operator to do it."))


class PersonPasswordForm(AdminPasswordChangeForm[User]):
    """An operator sets or removes a person's password; the person is told."""

    def save(self, commit: bool = True) -> User:
        assert commit
        person = super().save(commit=False)
        taken = not person.has_usable_password()
        with transaction.atomic():
            person.save(update_fields=["password"])
            audit.record(AuditKind.PASSWORD_CHANGED, person=person, detail=gettext("Removed") if taken else "")
            context: dict[str, Any] = {"taken": taken, "timestamp": timezone.now()}
            send_mail("account/email/password_changed_by_operator", to=person, context=context)
        return person


class NewPersonForm(forms.ModelForm[User]):
    password1 = forms.CharField(
        label=_("Password"),
        strip=False,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("Leave it empty to let them choose one with a link."),
    )
    password2 = forms.CharField(
        label=_("Password (again)"),
        strip=False,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    send_link = forms.BooleanField(
        label=_("Email a link to choose a password"),
        required=False,
        initial=True,
        help_text=_("For people who have no password yet."),
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
            self.add_error("password2", _("The two passwords don't match."))
        if "password1" not in self.data:  # the form waited for a confirmation of who sends it, without its passwords
            self.add_error("password1", _("For safety, this was not kept. Type it again, or leave it empty."))
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
    """Return the address as stored; raise ValidationError if someone else signs in with it."""
    email = User.objects.normalize_email(email)
    others = EmailAddress.objects.filter(email=email).exclude(user_id=owner.pk)
    if others.exists() or User.objects.filter(email=email).exclude(pk=owner.pk).exists():
        raise ValidationError(_("Someone else already uses this address to sign in."))
    return email
