import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from accounts.operators.seeding import SeedResult, admin_email, admin_password, seed_admin


class Command(BaseCommand):
    help = (
        "Create a superuser who can sign in. Safe to repeat: an existing superuser is left alone, any other existing "
        "person becomes a superuser and keeps their password."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--email", help="default: ADMIN_EMAIL, or admin@example.com")
        parser.add_argument(
            "--password",
            help="'-' reads it from standard input. Any other value is visible to everyone on this machine while the "
            "command runs; ADMIN_PASSWORD or ADMIN_PASSWORD_FILE is safer. Default: one of these, or a generated one.",
        )
        parser.add_argument("--reset-password", action="store_true", help="give an existing person a new password")

    def handle(self, *args: Any, **options: Any) -> None:
        password = options["password"]
        if password == "-":  # noqa: S105 - not a password
            password = sys.stdin.readline().strip("\r\n")
        elif password is None:
            password = admin_password()
        email = options["email"] if options["email"] is not None else admin_email()
        result = seed_admin(email=email, password=password or None, reset_password=options["reset_password"])
        self.stdout.write(describe(result))
        if result.password:
            self.stdout.write(f"Password (shown only once): {result.password}")


def describe(result: SeedResult) -> str:
    email = result.user.email
    if result.created:
        return f"{email} is now a superuser."
    if result.promoted:
        kept = "has a new password" if result.password_set else "keeps their password"
        return f"{email} already existed, is now a superuser and {kept}."
    if result.password_set:
        return f"{email} already was a superuser and now has a new password."
    return f"{email} already is a superuser; nothing changed."
