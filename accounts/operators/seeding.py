"""Creating the first people who can operate Holdfast."""

import secrets
from dataclasses import dataclass

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.management.base import CommandError
from django.core.validators import validate_email
from django.db import transaction

from accounts.models import User
from project.lib import env

DEFAULT_EMAIL = "admin@example.com"
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # without letters and digits that look alike


@dataclass(frozen=True)
class SeedResult:
    user: User
    created: bool
    promoted: bool = False
    password_set: bool = False
    password: str | None = None  # only a generated one, to be shown once


def seed_first_admin() -> SeedResult | None:
    """Make the superuser of ADMIN_EMAIL and ADMIN_PASSWORD, or return None if there is a superuser already."""
    if User.objects.filter(is_superuser=True).exists():
        return None
    return seed_admin(email=admin_email(), password=admin_password())


def seed_admin(*, email: str, password: str | None, reset_password: bool = False) -> SeedResult:
    """Make a superuser who can sign in at once; an existing person is promoted, a superuser is left as they are.

    Without a password one is generated. Raises CommandError for an invalid address or password, and for a
    person who is deactivated or banned.
    """
    email = User.objects.normalize_email(email)
    try:
        validate_email(email)
    except ValidationError:
        raise refuse(f"{email or 'An empty text'} is not an email address.") from None
    with transaction.atomic():
        # If two processes run at once, one inserts; the other waits for it here and finds the person.
        user, created = User.objects.get_or_create(email=email, defaults={"is_staff": True, "is_superuser": True})
        user = User.objects.select_for_update().get(pk=user.pk)
        if not user.may_sign_in():
            raise refuse(f"{email} is deactivated or banned. Undo that in the admin, or use another address.")
        promoted = not (user.is_superuser and user.is_staff)
        generated = None
        if created or reset_password:
            generated = None if password else generate_password()
            _set_password(user, password or generated or "")
        if created or promoted or reset_password:
            user.is_staff = user.is_superuser = True
            user.save(update_fields=["password", "is_staff", "is_superuser"])
            user.settle_address()
    return SeedResult(user, created, promoted, created or reset_password, generated)


def admin_email() -> str:
    return _read("ADMIN_EMAIL") or DEFAULT_EMAIL


def admin_password() -> str | None:
    return _read("ADMIN_PASSWORD") or None


def generate_password() -> str:
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))


def refuse(message: str) -> CommandError:
    return CommandError(message, returncode=2)


def _read(name: str) -> str:
    try:
        return env.text(name)
    except ImproperlyConfigured as error:
        raise refuse(str(error)) from None


def _set_password(user: User, password: str) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise refuse(f"The password for {user.email} was not accepted. {' '.join(error.messages)}") from None
    user.set_password(password)
