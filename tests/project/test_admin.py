import pytest
from django.test import Client

from tests.todos.admin.test_lists import members_form
from todos.admin.lists import TodoAdmin

pytestmark = pytest.mark.django_db


LISTS = "/admin/todos/todolist/"
TODOS = "/admin/todos/todo/"
PEOPLE = "/admin/accounts/user/"
FILES = "/admin/uploads/upload/"
USAGE = "/admin/uploads/usage/"
LONG = "9" * 19


@pytest.fixture
def operator(staff) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(staff)
    return client


@pytest.mark.slow
@pytest.mark.parametrize(
    ("address", "status"),
    [
        # What Django would take to Python or the database as it is.
        (f"{TODOS}?created_at__year=99999999999", 400),
        (f"{TODOS}?created_at__year=9999", 400),
        (f"{TODOS}?created_at__year=9999&created_at__month=12&created_at__day=31", 400),
        (f"{TODOS}?created_at__year=1", 400),
        (f"{TODOS}?created_at__gte=9999-12-31", 400),
        (f"{TODOS}?id__in={LONG}", 400),
        (f"{TODOS}?list__id__exact={LONG}", 400),
        (f"{TODOS}?list__id__exact=%00", 400),
        (f"{PEOPLE}?groups__id__exact={LONG}", 400),
        (f"{TODOS}1/change/?_to_field=", 400),
        ("/admin/r/1/1%00/", 404),
        ("/admin/autocomplete/?app_label=todos&model_name=membership&field_name=user&term=%00", 400),
        # What Django understands to be nothing itself.
        (f"{TODOS}?q=%00", 200),
        (f"{TODOS}?q={LONG}", 200),
        (f"{TODOS}?o=x", 200),
        (f"{TODOS}?created_at__year=9998", 200),
        (f"{TODOS}?created_at__year=2026&created_at__month=13", 302),
        (f"{TODOS}?list__id__exact=abc", 302),
        (f"{TODOS}?p=99999", 200),
        (f"{TODOS}abc/change/", 302),
        (f"{TODOS}{LONG}/change/", 302),
        (f"{PEOPLE}abc/password/", 404),
        (f"{FILES}{LONG}/picture/", 404),
        (f"{FILES}{LONG}/change/", 302),
        (f"{FILES}-1/history/", 302),
        (f"{USAGE}{10**30}/history/", 302),
        (f"{USAGE}{10**30}/change/", 302),
        (f"{USAGE}-1/change/", 302),
        (f"{USAGE}abc/change/", 302),
    ],
)
def test_no_address_is_a_server_error(operator, address, status):
    assert operator.get(address).status_code == status


@pytest.mark.parametrize("chosen", [LONG, "abc", "", "1\x00"])
@pytest.mark.parametrize(("address", "action"), [(TODOS, "put_in_trash"), (PEOPLE, "delete_selected")])
def test_rows_that_cannot_be_are_not_understood(operator, address, action, chosen):
    assert operator.post(address, {"action": action, "_selected_action": chosen}).status_code == 400


def test_rows_that_are_gone_are_nothing(operator):
    assert operator.post(TODOS, {"action": "put_in_trash", "_selected_action": 12345}).status_code == 302


@pytest.mark.parametrize("person", [LONG, "abc", "\x00", ""])
def test_nobody_becomes_a_member_by_an_odd_id(operator, flat, person):
    new = {"memberships-2-TOTAL_FORMS": "1", "memberships-2-0-user": person, "memberships-2-0-role": "reader"}
    response = operator.post(f"{LISTS}{flat.pk}/change/", members_form(flat, **new))
    assert response.status_code == 200
    assert response.context["errors"]
    assert flat.memberships.count() == 3


@pytest.mark.parametrize("row", [LONG, "abc", "\x00", "", "12345"])
def test_a_membership_with_an_odd_id_is_not_changed(operator, flat, row):
    changes = {"memberships-2-id": row, "memberships-2-role": "owner"}
    assert operator.post(f"{LISTS}{flat.pk}/change/", members_form(flat, **changes)).status_code == 200
    assert flat.memberships.owners().count() == 1


def test_a_defect_is_a_server_error(operator, monkeypatch):
    def defect(*_args):
        raise ValueError

    monkeypatch.setattr(TodoAdmin, "get_queryset", defect)
    assert operator.get(TODOS).status_code == 500


def test_passwords_are_changed_on_the_page_of_the_app(operator):
    assert operator.get("/admin/password_change/").url == "/accounts/password/change/"


def test_operators_sign_in_through_the_door_of_the_app():
    response = Client().get("/admin/")
    assert response.status_code == 302
    assert Client().get(response["Location"], follow=True).redirect_chain[-1][0].startswith("/accounts/login/")
    assert Client().post("/admin/login/", {"username": "a", "password": "b"}).status_code == 302


def test_members_who_are_not_staff_are_refused(alice, sign_in):
    assert sign_in(alice).get("/admin/", follow=True).status_code == 403


def test_what_is_about_people_stands_together(sign_in, staff):
    sections = sign_in(staff).get("/admin/").context["app_list"]
    names = {section["name"]: [str(model["name"]) for model in section["models"]] for section in sections}
    assert {"Authenticators", "Email addresses", "Groups", "Invitations", "People"} <= set(names["People"])
    assert not {"accounts", "MFA", "Authentication and Authorization"} & {str(name) for name in names}
