from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.invitations import LASTS
from accounts.invitations.forms import days_field, uses_field
from accounts.models import User
from todos.models import Role


class RoleForm(forms.Form):
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices)


class MemberForm(forms.Form):
    """A person to share a list with: a member, or with `invite` someone who has no account yet."""

    email = forms.EmailField(label=_("Email address"), max_length=254)
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
