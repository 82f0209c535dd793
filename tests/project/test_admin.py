import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("query", ["created_at__year=99999999999", "q=%00", "p=99999999999999999999", "o=x"])
def test_no_address_of_a_list_is_a_server_error(staff, query):
    client = Client(raise_request_exception=False)
    client.force_login(staff)
    response = client.get(f"/admin/todos/todo/?{query}", follow=True)
    assert response.status_code in {200, 400}


@pytest.mark.parametrize("chosen", ["9" * 30, "abc", "\x00"])
def test_no_choice_of_rows_is_a_server_error(staff, chosen):
    client = Client(raise_request_exception=False)
    client.force_login(staff)
    for model in ("todos/todo", "accounts/user"):
        for action in ("put_in_trash", "delete_selected"):
            response = client.post(f"/admin/{model}/", {"action": action, "_selected_action": chosen})
            assert response.status_code in {200, 302, 400}


def test_operators_sign_in_through_the_door_of_the_app():
    response = Client().get("/admin/")
    assert response.status_code == 302
    assert Client().get(response["Location"], follow=True).redirect_chain[-1][0].startswith("/accounts/login/")
    assert Client().post("/admin/login/", {"username": "a", "password": "b"}).status_code == 302


def test_members_who_are_not_staff_are_refused(alice, sign_in):
    assert sign_in(alice).get("/admin/", follow=True).status_code == 403
