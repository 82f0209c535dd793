"""Every page of the app that a person can look at, for tests that hold on all of them."""

from django.template.loader import render_to_string
from django.urls import reverse
from playwright.sync_api import Page, Route

from accounts.models import User
from todos.models import TodoList

ERRORS = (400, 403, 404, 405, 413, 429, 500, 503)
LONG_WORD = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 2
ANONYMOUS = [
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/inactive/",
    "/accounts/password/reset/",
    "/accounts/password/reset/done/",
    "/accounts/password/reset/key/1-wrong/",
    "/accounts/password/reset/key/done/",
    "/accounts/confirm-email/",
    "/accounts/confirm-email/wrong/",
]


def populate(todo_list: TodoList, *, owner: User) -> list[str]:
    """Fill the list so that every page has something to show, and return the addresses of a member's pages."""
    wide = todo_list.add(LONG_WORD, by=owner, notes=f"{LONG_WORD}\n\nhttps://example.com/{LONG_WORD}")
    wide.edit(by=owner, text=LONG_WORD[:-1])
    todo_list.add("Thrown away", by=owner).trash(by=owner)
    for number in range(55):
        todo_list.add(f"One of many {number}", by=owner)
    TodoList.create(LONG_WORD, by=owner)
    gone = TodoList.create("Gone", by=owner)
    gone.trash(by=owner)
    empty = TodoList.create("Empty", by=owner)
    address = todo_list.get_absolute_url()
    return [
        reverse("todos:lists"),
        address,
        f"{address}?status=all&page=2",
        f"{address}?q=nothing+like+this",
        empty.get_absolute_url(),
        reverse("todos:list_edit", args=[todo_list.pk]),
        reverse("todos:members", args=[todo_list.pk]),
        wide.get_absolute_url(),
        reverse("todos:trash"),
        reverse("account_settings"),
        reverse("account_change_password"),
        reverse("account_logout"),
        reverse("account_reauthenticate"),
        *(f"/error/{status}/" for status in ERRORS),
    ]


def serve_errors(page: Page) -> None:
    """Show the error pages at /error/<status>/, which nothing in the app answers at will."""

    def answer(route: Route) -> None:
        status = route.request.url.rstrip("/").rpartition("/")[2]
        context = {"title": "Something is not as it should be", "message": "It is not your doing. Try again."}
        route.fulfill(status=200, content_type="text/html", body=render_to_string(f"{status}.html", context))

    page.context.route("**/error/*/", answer)
