from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest

from accounts.models import User


class MemberBackend(AuthenticationBackend):  # type: ignore[misc]
    """The only authentication backend; it also loads the member of each request, so a ban takes effect at once."""

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> AbstractBaseUser | None:
        for name in ("email", "username"):
            if isinstance(credentials.get(name), str):
                credentials[name] = User.objects.normalize_email(credentials[name])
        user: AbstractBaseUser | None = super().authenticate(request, **credentials)
        return user

    def user_can_authenticate(self, user: AbstractBaseUser | None) -> bool:
        return isinstance(user, User) and user.may_sign_in()
