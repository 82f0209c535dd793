"""Signing in with a second factor, for the tests that do."""

import time

from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.test import Client

from accounts.models import AuditEvent, AuditKind
from tests.conftest import PASSWORD

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
FACTORS = "/accounts/factors/"
LOGIN = "/accounts/login/"
AUTHENTICATE = f"{FACTORS}authenticate/"


def code(steps: int = 0, secret: str = SECRET) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + steps))


def with_password(person, **fields) -> Client:
    client = Client()
    client.post(LOGIN, {"login": person.email, "password": PASSWORD, **fields})
    return client


def is_in(client) -> bool:
    return client.get("/lists/").status_code == 200


def kinds() -> list[str]:
    return list(AuditEvent.objects.exclude(kind=AuditKind.SIGNED_IN).order_by("pk").values_list("kind", flat=True))
