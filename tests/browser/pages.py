"""Every page of the app that a person can look at, for tests that hold on all of them."""

from urllib.parse import urlsplit

from django.core.files.base import ContentFile
from django.template.loader import render_to_string
from django.urls import reverse
from playwright.sync_api import Page, Route

from accounts import invitations
from accounts.models import User
from tests.todos.attachments.files import attach
from todos.models import BulkAdd, Role, TodoList
from todos.people.grants import place_in
from workflows import engine
from workflows.testing import run_until_idle

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
    attach(wide, by=owner, name=f"{LONG_WORD}.png").set_caption(LONG_WORD, by=owner)
    removed = attach(wide, by=owner, name="removed.png")
    removed.trash(by=owner)
    todo_list.add("Thrown away", by=owner).trash(by=owner)
    for number in range(55):
        todo_list.add(f"One of many {number}", by=owner)
    long_named = TodoList.create(LONG_WORD, by=owner)
    link = invitations.make_link(by=owner, grant=place_in(long_named, role=Role.EDITOR)).link
    invitations.invite(f"{'long' * 15}@{'name' * 15}.example", by=owner, grant=place_in(todo_list, role=Role.READER))
    invitations.make_link(by=owner, grant=place_in(todo_list, role=Role.EDITOR))
    gone = TodoList.create("Gone", by=owner)
    gone.trash(by=owner)
    empty = TodoList.create("Empty", by=owner)
    checking, preview, done, refused, undone = bulk_adds(todo_list, owner=owner)
    address = todo_list.get_absolute_url()
    return [
        reverse("todos:lists"),
        address,
        f"{address}?status=all&page=2",
        f"{address}?q=nothing+like+this",
        empty.get_absolute_url(),
        reverse("todos:list_edit", args=[todo_list.pk]),
        reverse("todos:members", args=[todo_list.pk]),
        urlsplit(link).path,
        wide.get_absolute_url(),
        reverse("todos:bulk_add_new", args=[todo_list.pk]),
        *(made.get_absolute_url() for made in (checking, preview, done, refused, undone)),
        f"{preview.get_absolute_url()}?page=2",
        reverse("todos:trash"),
        reverse("todos:files"),
        reverse("todos:attachment_erase", args=[removed.pk]),
        reverse("account_settings"),
        reverse("account_change_password"),
        reverse("account_sessions"),
        reverse("mfa_index"),
        reverse("mfa_add_webauthn"),
        reverse("mfa_activate_totp"),
        reverse("account_logout"),
        reverse("account_reauthenticate"),
        *(f"/error/{status}/" for status in ERRORS),
    ]


def bulk_adds(todo_list: TodoList, *, owner: User) -> list[BulkAdd]:
    """Make one of each: being checked, to be confirmed, done, refused, undone."""
    bad = b"\x00\n" + b"\n" * 3 + LONG_WORD.encode() * 5 + b"\n" + b"x\xff\n" * 60
    lines = LONG_WORD.encode() + b"\nBuy grout\n" + bad
    names = ["", f"{LONG_WORD}.txt", "done.txt", "refused.txt", "undone.txt"]
    texts = [b"Buy grout", lines, lines, bad, b"Buy tape"]
    checking, *others = (
        BulkAdd.create(todo_list, ContentFile(text), by=owner, file_name=name)
        for text, name in zip(texts, names, strict=True)
    )
    engine.pause(checking.run_id)
    run_until_idle()
    for made in (others[1], others[3]):
        made.confirm(by=owner)
        run_until_idle()
    others[3].undo(by=owner)
    run_until_idle()
    return [checking, *others]


def serve_errors(page: Page) -> None:
    """Show the error pages at /error/<status>/, which nothing in the app answers at will."""

    def answer(route: Route) -> None:
        status = route.request.url.rstrip("/").rpartition("/")[2]
        context = {"title": "Something is not as it should be", "message": "It is not your doing. Try again."}
        route.fulfill(status=200, content_type="text/html", body=render_to_string(f"{status}.html", context))

    page.context.route("**/error/*/", answer)
