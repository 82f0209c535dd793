"""Staff who may change people but are no superusers do not become one."""

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group, Permission

from accounts.models import User
from tests.accounts.people import ADDRESSES, PEOPLE, change
from tests.conftest import PASSWORD


@pytest.fixture
def helpdesk(make_user):
    """Staff with every right over people and groups that can be given, but no superuser."""
    user = make_user("Hilda", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(content_type__app_label__in=["accounts", "account", "auth"]))
    return user


def test_the_helpdesk_changes_ordinary_people(sign_in, helpdesk, alice):
    change(sign_in(helpdesk), alice, name="Alice Archer")
    assert alice.name == "Alice Archer"


def test_the_helpdesk_makes_no_superusers(sign_in, helpdesk, alice):
    rights = list(Permission.objects.values_list("pk", flat=True))
    change(sign_in(helpdesk), alice, is_superuser=True, is_staff=True, user_permissions=rights)
    assert not alice.is_superuser
    assert not alice.is_staff
    assert not alice.user_permissions.exists()
    data = {"email": "dora@example.com", "name": "Dora", "password1": "", "password2": ""}
    sign_in(helpdesk).post(f"{PEOPLE}add/", data | {"is_superuser": "on", "is_staff": "on"})
    dora = User.objects.get(email="dora@example.com")
    assert not dora.is_superuser
    assert not dora.is_staff


@pytest.mark.parametrize("name", ["staff", "helpdesk"])
def test_the_helpdesk_does_not_touch_staff_nor_itself(sign_in, helpdesk, staff, second, name):
    client = sign_in(helpdesk)
    person = {"staff": staff, "helpdesk": helpdesk}[name]
    assert client.get(f"{PEOPLE}{person.pk}/change/").status_code == 200
    assert change(client, person, email="mine@example.com").status_code == 403
    new = {"password1": "barnacles everywhere", "password2": "barnacles everywhere", "usable_password": "true"}
    assert client.post(f"{PEOPLE}{person.pk}/password/", new).status_code == 403
    assert client.post(f"{PEOPLE}{person.pk}/delete/", {"post": "yes"}).status_code == 403
    client.post(PEOPLE, {"action": "delete_selected", "_selected_action": [person.pk], "post": "yes"})
    person.refresh_from_db()
    assert person.email != "mine@example.com"
    assert person.check_password(PASSWORD)


def test_the_helpdesk_mails_no_links_to_superusers(sign_in, helpdesk, staff, delivered):
    sign_in(helpdesk).post(PEOPLE, {"action": "mail_password_link", "_selected_action": [staff.pk]})
    assert delivered() == []


def test_the_helpdesk_fills_no_groups(sign_in, helpdesk):
    group = Group.objects.create(name="Helpers")
    helpdesk.groups.add(group)
    client = sign_in(helpdesk)
    data = {"name": "Helpers", "permissions": list(Permission.objects.values_list("pk", flat=True))}
    assert client.post(f"/admin/auth/group/{group.pk}/change/", data).status_code == 403
    assert client.post("/admin/auth/group/add/", data | {"name": "Mine"}).status_code == 403
    assert not group.permissions.exists()


def test_the_helpdesk_gives_nobody_an_address(sign_in, helpdesk, staff):
    client = sign_in(helpdesk)
    data = {"user": staff.pk, "email": "mine@example.com", "verified": "on"}
    assert client.post(f"{ADDRESSES}add/", data).status_code == 403
    address = staff.emailaddress_set.get()
    assert client.post(f"{ADDRESSES}{address.pk}/change/", data).status_code == 403
    EmailAddress.objects.update(verified=False)
    client.post(ADDRESSES, {"action": "make_verified", "_selected_action": [address.pk]})
    assert not EmailAddress.objects.filter(verified=True).exists()
