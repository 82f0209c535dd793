"""The ready-made groups."""

import pytest
from django.contrib.auth.models import Group, Permission

from accounts.models import User
from accounts.operators.groups import OPERATORS, VIEWERS, make_groups
from tests.accounts.people import PEOPLE, ban, change
from workflows.models import AuditLine

pytestmark = pytest.mark.database

PAGES = [
    PEOPLE,
    *("/admin/accounts/auditevent/", "/admin/accounts/purgerequest/", "/admin/account/emailaddress/"),
    *("/admin/todos/todolist/", "/admin/todos/todo/", "/admin/todos/attachment/", "/admin/todos/membership/"),
    *("/admin/uploads/upload/", "/admin/uploads/usage/", "/admin/uploads/stray/"),
    *("/admin/workflows/run/", "/admin/workflows/message/", "/admin/workflows/schedule/"),
]


@pytest.fixture
def member_of(make_user):
    def make(name: str) -> User:
        user = make_user(f"In{name}", is_staff=True)
        user.groups.add(Group.objects.get(name=name))
        return user

    return make


def test_the_groups_are_made_once_and_nothing_is_taken_from_them(db):
    extra = Permission.objects.get(codename="add_group")
    group = Group.objects.get(name=VIEWERS)
    group.permissions.add(extra)
    before = set(group.permissions.all())
    make_groups()
    assert set(group.permissions.all()) == before
    group.permissions.clear()
    make_groups()
    assert set(group.permissions.all()) == before - {extra}
    assert Group.objects.filter(name__in=[OPERATORS, VIEWERS]).count() == 2


def test_viewers_look_at_everything_and_change_nothing(member_of, sign_in, bob, flat):
    client = sign_in(member_of(VIEWERS))
    for path in PAGES:
        assert client.get(path).status_code == 200
    digest = bob.password.split("$")[-1]
    assert digest[:6] not in client.get(f"{PEOPLE}{bob.pk}/change/").content.decode()
    assert change(client, bob, name="Robert").status_code == 403
    assert ban(client, bob).status_code == 403
    assert client.get("/admin/mail/").status_code == 403
    assert client.get("/admin/auth/group/").status_code == 403
    assert not Group.objects.get(name=VIEWERS).permissions.exclude(codename__startswith="view_").exists()


def test_operators_manage_people_lists_and_background_work(member_of, sign_in, bob, flat):
    client = sign_in(member_of(OPERATORS))
    for path in PAGES:
        assert client.get(path).status_code == 200
    change(client, bob, name="Robert")
    assert bob.name == "Robert"
    ban(client, bob, reason="spam")
    assert bob.is_banned()
    client.post("/admin/todos/todolist/", {"action": "put_in_trash", "_selected_action": [flat.pk]})
    flat.refresh_from_db()
    assert flat.trashed_at
    assert not AuditLine.objects.exists()


def test_operators_raise_nobodys_rights(member_of, sign_in, staff, bob):
    operator = member_of(OPERATORS)
    client = sign_in(operator)
    groups = list(Group.objects.values_list("pk", flat=True))
    rights = list(Permission.objects.values_list("pk", flat=True))
    change(client, bob, is_superuser=True, is_staff=True, groups=groups, user_permissions=rights)
    assert (bob.is_superuser, bob.is_staff, bob.groups.count(), bob.user_permissions.count()) == (False, False, 0, 0)
    for person in (operator, staff):
        assert change(client, person, is_superuser=True, name="x").status_code == 403
        assert ban(client, person).status_code == 403
        assert client.post(f"{PEOPLE}{person.pk}/purge/", {"reason": "x"}).status_code == 403
        client.post(PEOPLE, {"action": "delete_selected", "_selected_action": [person.pk], "post": "yes"})
    assert User.objects.filter(pk__in=[operator.pk, staff.pk], is_superuser=True).get() == staff
    assert operator.user_permissions.count() == 0


def test_the_last_superuser_is_not_lost_by_deleting_many(sign_in, staff, second, bob):
    client = sign_in(staff)
    every = [staff.pk, second.pk, bob.pk]
    client.post(PEOPLE, {"action": "delete_selected", "_selected_action": every, "post": "yes"})
    assert User.objects.operators().count() == 2
