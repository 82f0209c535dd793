import sys
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from accounts.operators.seeding import generate_password
from todos.demo import seeding


class Command(BaseCommand):
    help = (
        "Add a team of four with lists and to-dos, for trying out Holdfast. Changes nothing else, and runs only once."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--password",
            help="one for all four; '-' reads it from standard input, where nobody else on this machine can see it. "
            "Default: a generated one, printed once.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        given = options["password"]
        if given == "-":
            given = sys.stdin.readline().strip("\r\n")
        password = given if given is not None else generate_password()
        try:
            validate_password(password)
            seeded = seeding.seed(password)
        except ValidationError as error:
            raise CommandError(f"The password was not accepted. {' '.join(error.messages)}", returncode=2) from None
        except seeding.NotOurs as error:
            raise CommandError(str(error), returncode=2) from None
        if not seeded:
            self.stdout.write("The demo team already exists; nothing changed.")
            return
        self.stdout.write(f"Sign in as {', '.join(seeding.addresses())}.")
        if given is None:
            self.stdout.write(f"Password of all four (shown only once): {password}")
