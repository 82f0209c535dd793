"""Every address of the project is found and walked: one that is added tomorrow is held to the same rules."""

from urllib.parse import quote

import pytest
from django.test import Client

from tests.architecture.addresses import ADDRESSES, Address, leads_to_sign_in

# What a visitor who is not signed in may see or do.
PUBLIC = {
    "account_login",
    "account_signup",  # says that it is closed
    "account_inactive",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
    "account_email_verification_sent",
    "account_confirm_email",
    "account_invitation",
    "account_change_email_confirm",
    "account_theme",
    "mfa_authenticate",  # leads to the password first
    "mfa_login_webauthn",
    "favicon",
    "todos:home",  # leads to the lists, which are not public
}
# What a reader may post although it is about somebody's list.
READERS_MAY = {"todos:list_leave"}
# What is asked with a signature for one deed, whoever sends it.
SIGNED = {"uploads:bytes"}
CLOSED = {401, 403, 404, 405}
ODD = [
    *("0", "-1", str(10**30), "1%00", quote("٣"), "%ff", "1.5", "9" * 19, "%00"),
    *(quote("🌊"), "a%0d%0ab", "%2e%2e", "'"),
]
FIELDS = (
    *("name", "text", "notes", "email", "role", "list", "after", "next"),
    *("file", "caption", "theme", "time_zone", "login", "q", "lines", "password", "days", "uses", "number"),
)
NONSENSE = dict.fromkeys(FIELDS, "\x00")


@pytest.fixture
def about_objects(objects) -> list[tuple[Address, str]]:
    """Addresses of members' pages that are about one object, with that object's id."""
    found = []
    for address in ADDRESSES:
        if address.params and not address.is_admin and address.name not in PUBLIC | SIGNED:
            kind = address.path.partition("/")[0]
            found.append((address, address.url({name: objects[kind, name] for name in address.params})))
    return found


def test_the_walk_finds_what_there_is():
    names = {address.name for address in ADDRESSES}
    assert {"todos:lists", "todos:todo_move", "todos:member_role", "admin:index", "account_login"} <= names
    assert {"admin:todos_todo_change", "admin:accounts_user_change"} <= names
    assert {"metrics", "admin:workflows_run_change", "admin:workflows_run_do"} <= names
    assert names >= PUBLIC | READERS_MAY
    assert "lists/%(pk)s/members/%(member_pk)s/role/" in {address.path for address in ADDRESSES}


@pytest.mark.slow
def test_visitors_are_sent_to_sign_in(objects):
    wrong = []
    for address in ADDRESSES:
        if address.name in PUBLIC:
            continue
        kind = address.path.partition("/")[0]
        url = address.url({name: objects.get((kind, name), "1") for name in address.params})
        for method in ("get", "post", "put", "delete", "head"):
            response = getattr(Client(), method)(url)
            if not leads_to_sign_in(response) and response.status_code not in CLOSED:
                wrong.append((method, url, response.status_code))
    assert wrong == []


def test_strangers_find_nothing(about_objects, mallory, sign_in):
    client, wrong = sign_in(mallory), []
    for _address, url in about_objects:
        answers = {client.get(url).status_code, client.post(url).status_code}
        if 404 not in answers or not answers <= {404, 405}:
            wrong.append((url, answers))
    assert wrong == []


def test_readers_change_nothing(about_objects, carol, sign_in):
    client, wrong = sign_in(carol), []
    for address, url in about_objects:
        alone = address.path.startswith(("accounts/", "uploads/"))  # their owner's
        refusals = {404, 405} if alone else {403, 405}
        if address.name not in READERS_MAY and client.post(url).status_code not in refusals:
            wrong.append((url, client.post(url).status_code))
    assert wrong == []
    assert {address.name for address, _url in about_objects} >= READERS_MAY


def test_members_do_not_get_into_the_admin(alice, sign_in):
    client, wrong = sign_in(alice), []
    for address in ADDRESSES:
        if address.is_admin and address.name not in PUBLIC:
            response = client.get(address.url("1"))
            if response.status_code not in {302, *CLOSED}:
                wrong.append((address.path, response.status_code))
    assert wrong == []


@pytest.mark.slow
@pytest.mark.parametrize("who", ["visitor", "alice", "staff"])
def test_odd_ids_are_never_an_error(who, flat, tiles, alice, staff, sign_in):
    client = {"visitor": Client(), "alice": sign_in(alice), "staff": sign_in(staff)}[who]
    client.raise_request_exception = False
    wrong = []
    for address in ADDRESSES:
        # The admin turns everybody else away before it looks at an id.
        if not address.params or (address.is_admin and who != "staff"):
            continue
        for odd in ODD:
            url = address.url(odd)
            methods = ("get",) if address.is_admin else ("get", "post")
            wrong += [(method, url) for method in methods if getattr(client, method)(url).status_code >= 500]
    assert wrong == []


@pytest.mark.slow
@pytest.mark.parametrize("who", ["visitor", "alice", "staff"])
def test_nonsense_in_queries_and_forms_is_never_an_error(who, objects, alice, staff, sign_in):
    person = {"alice": alice, "staff": staff}.get(who)
    client = sign_in(person) if person else Client()
    client.raise_request_exception = False
    query = "?page=%00&q=%00&status=%ff&sort=%27&p=-1&o=9.-9&_popup=%00&next=//evil.example/&e=%00"
    wrong = []
    for address in ADDRESSES:
        kind = address.path.partition("/")[0]
        url = address.url({name: objects.get((kind, name), "1") for name in address.params})
        for method, suffix, fields in (("get", query, None), ("post", "", NONSENSE)):
            if person and not client.cookies["sessionid"].value:  # one of the addresses signs out
                client.force_login(person)
            response = getattr(client, method)(url + suffix, fields) if fields else client.get(url + suffix)
            if response.status_code >= 500:
                wrong.append((method, url, response.status_code))
            elif response.status_code in (301, 302):
                assert "evil.example" not in response["Location"].partition("?")[0]
    assert wrong == []
