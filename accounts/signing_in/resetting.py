"""Asking for a new password: the page does the same for every address, so that neither answer nor time tells of one.

Whether there is a mail to write is found out by a worker. What is queued names no address that somebody typed.
"""

from typing import Any

from allauth.account.forms import ResetPasswordForm
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts import limits, mail
from accounts.links import password_link
from accounts.models import User
from workflows import engine

QUEUE = "password resets"


class ResetForm(ResetPasswordForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("Email address")

    def clean_email(self) -> str:
        return User.objects.normalize_email(self.cleaned_data["email"])  # allauth's asks more for unknown addresses

    def save(self, request: HttpRequest, **_kwargs: Any) -> str:
        email: str = self.cleaned_data["email"]
        limits.check("password_reset", request, account=email)
        engine.send(QUEUE, {"person": User.objects.filter(email=email).values_list("pk", flat=True).first()})
        return email


def send_link(person_id: int | None) -> bool:
    """Mail the person a link to set a new password; False for nobody and for people who may not sign in."""
    person = User.objects.filter(pk=person_id).first()
    if person is None:
        return False
    context = {"password_reset_url": password_link(person)}
    return mail.send_mail("account/email/password_reset_key", to=person, context=context)
