"""The pages of people in the operator console, for the tests that post to them."""

from accounts.models import User

PEOPLE = "/admin/accounts/user/"
ADDRESSES = "/admin/account/emailaddress/"


def values(person: User, **changes) -> dict:
    """What the change form would post."""
    fields = {
        "email": person.email,
        "name": person.name,
        "time_zone": person.time_zone,
        "theme": person.theme,
        "is_active": person.is_active,
        "is_staff": person.is_staff,
        "is_superuser": person.is_superuser,
    } | changes
    return {name: "on" if value is True else value for name, value in fields.items() if value is not False}


def change(client, person, **changes):
    response = client.post(f"{PEOPLE}{person.pk}/change/", values(person, **changes))
    person.refresh_from_db()
    return response


def ban(client, person, **fields):
    """Post the page that bans."""
    posted = {"seen": str(person.banned_at or ""), "reason": "", "until_0": "", "until_1": ""} | fields
    response = client.post(f"{PEOPLE}{person.pk}/ban/", posted)
    person.refresh_from_db()
    return response


def errors(response) -> str:
    return str(response.context["errors"])
