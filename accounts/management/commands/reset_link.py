from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from accounts.links import password_link
from accounts.models import User
from accounts.operators.seeding import refuse


class Command(BaseCommand):
    help = "Print a link that lets a person set a new password, for when mail does not reach them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")

    def handle(self, *args: Any, **options: Any) -> None:
        email = User.objects.normalize_email(options["email"])
        user = User.objects.filter(email=email).first()
        if user is None:
            raise refuse(f"Nobody here has the address {email}.")
        if not user.is_active:
            raise refuse(f"The account of {email} is deactivated; activate it in the admin first.")
        if user.is_banned():
            raise refuse(f"{email} is banned; lift the ban in the admin first.")
        self.stdout.write(password_link(user))
