from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts import factors
from accounts.models import User


class Command(BaseCommand):
    help = (
        "Remove all second factors (passkeys, authenticator app, recovery codes) of a person who has lost them, and "
        "sign them out everywhere. Their password is then enough to sign in, so make sure it is really them asking."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")

    def handle(self, *args: Any, email: str, **options: Any) -> None:
        person = User.objects.filter(email=User.objects.normalize_email(email)).first()
        if person is None:
            raise CommandError(f"Nobody signs in with {email}.")
        if removed := factors.reset(person):
            self.stdout.write(f"Removed the second factors of {person.email} ({removed} in all) and signed them out.")
        else:
            self.stdout.write(f"{person.email} has no second factor; nothing changed.")
