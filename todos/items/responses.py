"""Answers to a to-do's verbs: the part of the list page htmx asked for, or a redirect to where the form stood."""

from collections.abc import Callable

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from accounts.web.redirects import is_local_path, next_path
from todos.items.forms import TodoForm
from todos.lists.filters import Filters
from todos.lists.page import base_context, give_files, page_context, place_row
from todos.models import Membership, Todo
from todos.refusals import Refused
from todos.web import access
from todos.web.access import MemberRequest
from todos.web.navigation import list_page, swap_target
from todos.web.toasts import refuse


def attempt[T](request: MemberRequest, verb: Callable[[], T]) -> T | None:
    """Return what the verb returns; where it is refused, tell the person why and return None."""
    try:
        return verb()
    except Refused as reason:
        refuse(request, str(reason))
        return None


def after_todo(request: MemberRequest, todo: Todo) -> HttpResponse:
    """Answer a verb with the row as it is now, with all rows, or with a redirect."""
    target = swap_target(request)
    if target == f"todo-{todo.pk}":
        return row_changed(request, todo)
    if target == "rows":
        return rows_changed(request, access.readable_list(request.user, list_page(_page(request)) or todo.list_id))
    return HttpResponseRedirect(next_path(request, default=todo.list.get_absolute_url()))


def after_removal(request: MemberRequest, todo: Todo, *, from_list: int) -> HttpResponse:
    """Answer a verb that took the to-do out of the list it stood in: the row goes, and the summary is that list's."""
    if swap_target(request) != f"todo-{todo.pk}":
        return after_todo(request, todo)
    membership = access.readable_list(request.user, list_page(_page(request)) or from_list)
    context = base_context(membership, filters=Filters.from_url(_page(request)))
    return render(request, "todos/items/_row_changed.html", context | {"todo": None})


def row_changed(request: MemberRequest, todo: Todo) -> HttpResponse:
    filters = Filters.from_url(_page(request))
    place_row(todo, filters=filters)
    give_files([todo])
    context = base_context(access.readable_list(request.user, todo.list_id), filters=filters)
    return render(request, "todos/items/_row_changed.html", context | {"todo": todo})


def rows_changed(request: MemberRequest, membership: Membership) -> HttpResponse:
    context = page_context(membership, filters=Filters.from_url(_page(request)))
    return render(request, "todos/lists/_rows_changed.html", context)


def row_edit(request: MemberRequest, todo: Todo, *, form: TodoForm, status: int = 200) -> HttpResponse:
    page = _page(request)
    return_to = page if list_page(page) == todo.list_id else todo.list.get_absolute_url()
    context = {"todo": todo, "list": todo.list, "form": form, "can_write": True, "next": return_to}
    return render(request, "todos/items/_row_edit.html", context, status=status)


def _page(request: MemberRequest) -> str:
    """Return path and query of the page a fragment goes into: what the browser shows, else the field `next`."""
    shown = request.htmx.current_url_abs_path
    return str(shown) if is_local_path(shown) else next_path(request, default="")
