"""Who gets which answer where: every address and method, for every role, compared with matrix.txt beside this file.

UPDATE_MATRIX=1 writes matrix.txt anew; a reviewer then reads what changed.
"""

import os
from collections.abc import Callable
from http.cookies import SimpleCookie
from pathlib import Path

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.db import transaction
from django.test import Client

from accounts.models import User
from tests.architecture.addresses import ADDRESSES, Address
from todos.models import Role

FILE = Path(__file__).parent / "matrix.txt"
ROLES = ("anonymous", "stranger", "reader", "editor", "owner", "viewer", "operator", "superuser", "banned")
SIGN_IN = {"/accounts/login/", "/admin/login/"}
HEAD = """\
What each role gets from each address: the status of the answer, or `login` where it leads to the sign-in page.
<pk> and the like stand for something of Alice's list, in the admin for something that exists. POST sends no fields:
404 and 403 mean that nothing is touched, 422 and 400 that only the fields are missing, 302 mostly that it is done
Members of a list are its reader, editor and owner; viewer and operator are staff without a list; superusers may do all.

"""


@pytest.fixture
def people(flat, alice, bob, carol, mallory, staff, make_user) -> dict[str, User | None]:
    viewer = make_user("Vera", is_staff=True)
    viewer.groups.add(Group.objects.get(name="Viewers"))
    operator = make_user("Olga", is_staff=True)
    operator.groups.add(Group.objects.get(name="Operators"))
    banned = make_user("Bert")
    flat.add_member(banned, role=Role.EDITOR, by=alice, tell=False)
    members = {"reader": carol, "editor": bob, "owner": alice}
    return {
        "anonymous": None,
        "stranger": mallory,
        **members,
        "viewer": viewer,
        "operator": operator,
        "superuser": staff,
        "banned": banned,
    }


@pytest.fixture
def answer(people, objects, sign_in) -> Callable[[Address, str, str], str]:
    """Return a function that asks, and leaves no trace of having asked."""
    clients = {role: sign_in(user) if user else Client() for role, user in people.items()}
    people["banned"].ban(reason="Sample")
    cookies = {role: client.cookies.output(header="") for role, client in clients.items()}

    def ask(address: Address, method: str, role: str) -> str:
        client = clients[role]
        client.raise_request_exception = False
        cache.clear()
        with transaction.atomic():
            response = getattr(client, method)(url_of(address, objects))
            transaction.set_rollback(True)
        client.cookies = SimpleCookie(cookies[role])  # one of the addresses signs out
        to_sign_in = response.status_code == 302 and response["Location"].partition("?")[0] in SIGN_IN
        return "login" if to_sign_in else str(response.status_code)

    return ask


def url_of(address: Address, objects: dict[tuple[str, str], object]) -> str:
    kind = address.path.partition("/")[0]
    found = {name: objects.get((kind, name), "1") for name in address.params}
    model = next(
        (
            model
            for model in admin.site._registry
            if address.path.startswith(f"admin/{model._meta.label_lower.replace('.', '/')}/")
        ),
        None,
    )
    if model and "object_id" in found and (row := model._default_manager.first()):
        found["object_id"] = row.pk
    return address.url(found)


def readable(address: Address) -> str:
    return "/" + address.path.replace("%(", "<").replace(")s", ">")


def known() -> dict[tuple[str, str], list[str]]:
    rows = {}
    for line in FILE.read_text(encoding="utf-8").splitlines():
        if line.startswith(("GET ", "POST ")):
            method, path, *answers = line.split()
            rows[path, method] = answers
    return rows


def test_every_address_is_in_the_matrix():
    paths = {readable(address) for address in ADDRESSES}
    assert {path for path, _method in known()} == paths, "UPDATE_MATRIX=1 writes the matrix anew; read what changed"


@pytest.mark.slow
def test_everybody_gets_what_the_matrix_says(answer):
    found = {
        (readable(address), method.upper()): [answer(address, method, role) for role in ROLES]
        for address in sorted(ADDRESSES, key=readable)
        for method in ("get", "post")
    }
    if os.environ.get("UPDATE_MATRIX") == "1":
        write(found)
    assert found == known()
    assert not [
        row for row, answers in found.items() if any(answer >= "500" and answer != "login" for answer in answers)
    ]


def test_an_operator_changes_nothing_of_a_superuser(people, sign_in):
    client, superuser = sign_in(people["operator"]), people["superuser"]
    pages = [address for address in ADDRESSES if address.path.startswith("admin/accounts/user/%(")]
    found = {readable(page): client.post(page.url(str(superuser.pk)), {"post": "yes"}).status_code for page in pages}
    to_look_at = {"/admin/accounts/user/<object_id>/", "/admin/accounts/user/<object_id>/history/"}
    assert len(found) > 6
    assert {path for path, status in found.items() if status != 403} == to_look_at


def write(found: dict[tuple[str, str], list[str]]) -> None:
    width = max(len(path) for path, _method in found) + 1
    columns = "".join(f"{role:<10}" for role in ROLES)
    lines = [f"{'':5}{'':{width}}{columns}".rstrip()]
    for (path, method), answers in found.items():
        lines.append(f"{method:<5}{path:<{width}}{''.join(f'{answer:<10}' for answer in answers)}".rstrip())
    FILE.write_text(HEAD + "\n".join(lines) + "\n", encoding="utf-8")
