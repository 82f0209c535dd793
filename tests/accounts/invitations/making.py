"""Invitations, for the tests that make and accept some."""

from django.contrib.auth import SESSION_KEY
from django.test import Client

from accounts.models import Invitation
from tests.accounts.conftest import first_link
from tests.conftest import PASSWORD
from todos.models import Role, TodoList
from todos.people.grants import place_in

DORA = {"name": "Dora", "email": "dora@example.com", "password": PASSWORD}


def path_of(invitation: Invitation) -> str:
    return invitation.link.removeprefix("http://localhost:8000")


def mailed_path(delivered) -> str:
    return first_link(delivered()[-1].body.split("password here:")[1]).removeprefix("http://localhost:8000")


def place(todo_list: TodoList, role: str = Role.EDITOR) -> dict:
    return place_in(todo_list, role=role)


def signed_in_as(client: Client) -> str | None:
    return client.session.get(SESSION_KEY)
