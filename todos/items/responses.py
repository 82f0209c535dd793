"""Answers to a to-do's verbs: the part of the list page htmx asked for, or a redirect to the page the form was on."""

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from accounts.web.redirects import next_path
from accounts.web.requests import MemberRequest
from todos.items.forms import TodoForm
from todos.lists.filters import Filters
from todos.lists.page import base_context, give_files, place_row
from todos.lists.responses import rows_changed
from todos.models import Todo
from todos.web import access
from todos.web.navigation import list_page, shown_page, swap_target


def after_todo(request: MemberRequest, todo: Todo) -> HttpResponse:
    """Answer a verb with the row as it is now, with all rows, or with a redirect."""
    target = swap_target(request)
    if target == f"todo-{todo.pk}":
        return row_changed(request, todo)
    if target == "rows":
        return rows_changed(request, access.readable_list(request.user, list_page(shown_page(request)) or todo.list_id))
    return HttpResponseRedirect(next_path(request, default=todo.list.get_absolute_url()))


def after_removal(request: MemberRequest, todo: Todo, *, from_list: int) -> HttpResponse:
    """Answer a verb that took the to-do out of its list: the row goes, and the summary is that list's."""
    if swap_target(request) != f"todo-{todo.pk}":
        return after_todo(request, todo)
    membership = access.readable_list(request.user, list_page(shown_page(request)) or from_list)
    context = base_context(membership, filters=Filters.from_url(shown_page(request)))
    return render(request, "todos/items/_row_changed.html", context | {"todo": None})


def row_changed(request: MemberRequest, todo: Todo) -> HttpResponse:
    filters = Filters.from_url(shown_page(request))
    place_row(todo, filters=filters)
    give_files([todo])
    context = base_context(access.readable_list(request.user, todo.list_id), filters=filters)
    return render(request, "todos/items/_row_changed.html", context | {"todo": todo})


def row_edit(request: MemberRequest, todo: Todo, *, form: TodoForm, status: int = 200) -> HttpResponse:
    page = shown_page(request)
    return_to = page if list_page(page) == todo.list_id else todo.list.get_absolute_url()
    context = {"todo": todo, "list": todo.list, "form": form, "can_write": True, "next": return_to}
    return render(request, "todos/items/_row_edit.html", context, status=status)
