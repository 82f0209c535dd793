"""Links that leave Holdfast by mail or console: built on PUBLIC_URL, never on a request's Host header."""

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.urls import reverse

from accounts.models import User


def public_url(path: str) -> str:
    return f"{settings.PUBLIC_URL}{path}"


def password_url(key: str) -> str:
    """Return the address where a new password is chosen; `key` is allauth's "<user>-<token>"."""
    user, _, token = key.partition("-")
    return public_url(reverse("account_reset_password_from_key", kwargs={"uidb36": user, "key": token}))


def reset_url() -> str:
    """Return the address where people ask for a new link by mail."""
    return public_url(reverse("account_reset_password"))


def password_link(user: User) -> str:
    """Return a link that lets this person, or anyone else who has it, set a new password once."""
    return password_url(f"{user_pk_to_url_str(user)}-{default_token_generator.make_token(user)}")
