"""What htmx gets: the same fragments that the pages are made of."""

import pytest

from todos.models import Todo, TodoList


@pytest.fixture
def swap(flat):
    """Send what htmx sends from the list's page for a swap of `target`."""

    def headers(target: str, query: str = "") -> dict[str, str]:
        page = f"http://testserver/lists/{flat.pk}/{query}"
        return {"HX-Request": "true", "HX-Target": target, "HX-Current-URL": page}

    return headers


def names(response) -> set[str]:
    return {template.name for template in response.templates}


def test_a_completed_row_stays(tiles, bob, sign_in, swap):
    url = f"/todos/{tiles.pk}/complete/"
    response = sign_in(bob).post(url, headers=swap(f"li#todo-{tiles.pk}", "?status=active"))
    assert response.status_code == 200
    assert "todos/items/_row_changed.html" in names(response)
    assert f'id="todo-{tiles.pk}"' in response.text
    assert 'id="list-summary"' in response.text
    assert 'id="toast"' in response.text
    assert response.context["summary"].completed == 1


def test_a_row_that_goes_to_the_trash_is_left_out(tiles, bob, sign_in, swap):
    response = sign_in(bob).post(f"/todos/{tiles.pk}/trash/", headers=swap(f"li#todo-{tiles.pk}"))
    assert f'id="todo-{tiles.pk}"' not in response.text
    assert response.context["summary"].open == 0


def test_a_row_that_goes_to_another_list_is_left_out(flat, tiles, alice, sign_in, swap):
    garden = TodoList.create("Garden", by=alice)
    url, target = f"/todos/{tiles.pk}/move/", f"li#todo-{tiles.pk}"
    response = sign_in(alice).post(url, {"list": garden.pk}, headers=swap(target))
    assert f'id="todo-{tiles.pk}"' not in response.text
    assert response.context["list"] == flat


def test_a_refused_move_leaves_the_row_in_place(tiles, bob, sign_in, swap):
    url, target = f"/todos/{tiles.pk}/move/", f"li#todo-{tiles.pk}"
    response = sign_in(bob).post(url, {"after": "999999"}, headers=swap(target))
    assert response["HX-Reswap"] == "none"
    assert "no longer in this list" in response.text


def test_reordering_answers_with_the_rows_of_the_page(flat, alice, sign_in, swap):
    for number in range(60):
        flat.add(str(number), by=alice)
    last = Todo.objects.get(text="0")
    response = sign_in(alice).post(f"/todos/{last.pk}/move/", {"after": ""}, headers=swap("section#rows", "?page=2"))
    assert "todos/lists/_rows_changed.html" in names(response)
    assert (response.context["filters"].page, len(response.context["todos"])) == (2, 10)


def test_adding_answers_with_the_rows(flat, bob, sign_in, swap):
    url = f"/lists/{flat.pk}/"
    response = sign_in(bob).post(url, {"text": "Order tiles"}, headers=swap("section#rows"))
    assert [todo.text for todo in response.context["todos"]] == ["Order tiles"]


def test_an_invalid_addition_swaps_the_form(flat, bob, sign_in, swap):
    response = sign_in(bob).post(f"/lists/{flat.pk}/", {"text": ""}, headers=swap("section#rows"))
    assert response.status_code == 422
    assert (response["HX-Retarget"], response["HX-Reswap"]) == ("#add", "outerHTML")
    assert 'id="add"' in response.text
    assert 'id="rows"' not in response.text


def test_filters_swap_the_rows(flat, tiles, bob, sign_in, swap):
    response = sign_in(bob).get(f"/lists/{flat.pk}/?status=completed", headers=swap("section#rows"))
    assert "todos/lists/list.html" not in names(response)
    assert not response.context["todos"]


def test_a_row_becomes_a_form_and_a_row_again(tiles, bob, sign_in, swap):
    client, target = sign_in(bob), f"li#todo-{tiles.pk}"
    form = client.get(f"/todos/{tiles.pk}/edit/", headers=swap(target))
    assert "todos/items/_row_edit.html" in names(form)
    assert "Order tiles" in form.text
    wrong = client.post(f"/todos/{tiles.pk}/", {"text": " "}, headers=swap(target))
    assert wrong.status_code == 422
    assert "todos/items/_row_edit.html" in names(wrong)
    right = client.post(f"/todos/{tiles.pk}/", {"text": "Order grout"}, headers=swap(target))
    assert "todos/items/_row_changed.html" in names(right)
    assert "Order grout" in right.text


def test_a_row_can_be_moved_after_it_was_swapped(flat, alice, sign_in, swap):
    c, b, a = [flat.add(text, by=alice) for text in "cba"]
    response = sign_in(alice).post(f"/todos/{c.pk}/complete/", headers=swap(f"li#todo-{c.pk}"))
    row = response.context["todo"]
    assert (row.move_up_after, row.move_down_after) == (a.pk, None)
    assert b.pk


def test_a_swap_of_the_whole_page_gets_a_redirect(tiles, bob, sign_in, swap):
    response = sign_in(bob).post(f"/todos/{tiles.pk}/complete/", {"next": "/lists/"}, headers=swap("main#main"))
    assert (response.status_code, response["Location"]) == (302, "/lists/")


@pytest.mark.parametrize("url", ["", "https://evil.example/lists/1/", "http://testserver/lists/٣/?page=x", "http://["])
def test_a_page_that_cannot_be_understood_is_the_list_itself(flat, tiles, bob, sign_in, url):
    headers = {"HX-Request": "true", "HX-Target": "section#rows", "HX-Current-URL": url}
    response = sign_in(bob).post(f"/todos/{tiles.pk}/complete/", headers=headers)
    assert response.status_code == 200
    assert response.context["list"] == flat
