from collections.abc import Callable

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.web.requests import MemberRequest
from todos.items.forms import MoveForm, TodoForm
from todos.items.page import todo_context
from todos.items.responses import after_removal, after_todo, row_changed, row_edit
from todos.models import Todo, TodoList
from todos.web import access
from todos.web.access import signed_in
from todos.web.attempting import attempt
from todos.web.navigation import swap_target
from todos.web.paging import page_number
from todos.web.toasts import refuse, toast

_MOST_LISTS = 200  # to choose from


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def todo(request: MemberRequest, pk: int) -> HttpResponse:
    if request.method == "POST":
        return _save(request, access.writable_todo(request.user, pk))
    found = access.readable_todo(request.user, pk)
    if swap_target(request) == f"todo-{pk}":
        return row_changed(request, found)
    return _page(request, found, form=TodoForm(todo=found))


@require_safe
@signed_in
def edit(request: MemberRequest, pk: int) -> HttpResponse:
    found = access.writable_todo(request.user, pk)
    if swap_target(request) != f"todo-{pk}":
        return redirect(found)
    return row_edit(request, found, form=TodoForm(todo=found))


@require_POST
@signed_in
def complete(request: MemberRequest, pk: int) -> HttpResponse:
    found = access.writable_todo(request.user, pk)
    _do(request, found, found.complete, said=_("“%(text)s” was completed."), undo="todos:todo_reopen")
    return after_todo(request, found)


@require_POST
@signed_in
def reopen(request: MemberRequest, pk: int) -> HttpResponse:
    found = access.writable_todo(request.user, pk)
    _do(request, found, found.reopen, said=_("“%(text)s” was reopened."), undo="todos:todo_complete")
    return after_todo(request, found)


@require_POST
@signed_in
def trash(request: MemberRequest, pk: int) -> HttpResponse:
    found = access.disposable_todo(request.user, pk)
    _do(request, found, found.trash, said=_("“%(text)s” was moved to the trash."), undo="todos:todo_restore")
    return after_removal(request, found, from_list=found.list_id)


@require_POST
@signed_in
def restore(request: MemberRequest, pk: int) -> HttpResponse:
    found = access.disposable_todo(request.user, pk)
    _do(request, found, found.restore, said=_("“%(text)s” was restored to “%(list)s”."), undo="todos:todo_trash")
    return after_todo(request, found)


@require_POST
@signed_in
def move(request: MemberRequest, pk: int) -> HttpResponse:
    found = access.writable_todo(request.user, pk)
    form = MoveForm(request.POST)
    if not form.is_valid():
        refuse(request, _("Couldn't move it: no valid position was given."))
        return _not_moved(request, found)
    target = form.cleaned_data["list"]
    to = access.writable_list(request.user, target).list if target else None
    from_list, after = found.list_id, form.cleaned_data["after"]
    left = attempt(request, lambda: found.move(by=request.user, to=to, after=after))
    if left is None:
        return _not_moved(request, found)
    text = _("“%(text)s” was moved to “%(list)s”.") if found.list_id != from_list else _("“%(text)s” was moved.")
    undo = reverse("todos:todo_move", args=[pk])
    toast(
        request,
        text % {"text": found.text, "list": found.list.name},
        undo=undo,
        fields={"list": left.list_id, "after": left.after},
    )
    return (
        after_removal(request, found, from_list=from_list) if found.list_id != from_list else after_todo(request, found)
    )


def _do(request: MemberRequest, found: Todo, verb: Callable[..., bool], *, said: str, undo: str) -> None:
    """Do the verb; if it changed something, say so and offer the verb that undoes it."""
    if attempt(request, lambda: verb(by=request.user)):
        toast(request, said % {"text": found.text, "list": found.list.name}, undo=reverse(undo, args=[found.pk]))


def _save(request: MemberRequest, found: Todo) -> HttpResponse:
    form = TodoForm(request.POST, todo=found)
    if not form.is_valid():
        if swap_target(request) == f"todo-{found.pk}":
            return row_edit(request, found, form=form, status=422)
        return _page(request, found, form=form, status=422)
    if attempt(request, lambda: found.edit(**form.sent(), by=request.user)):
        toast(request, _("“%(text)s” was saved.") % {"text": found.text})
    return after_todo(request, found)


def _not_moved(request: MemberRequest, found: Todo) -> HttpResponse:
    response = after_todo(request, found)
    if swap_target(request) == f"todo-{found.pk}":
        # The form deletes the row whatever it is answered; only the toast may come through.
        response["HX-Reswap"] = "none"
    return response


def _page(request: MemberRequest, found: Todo, *, form: TodoForm, status: int = 200) -> HttpResponse:
    others = TodoList.objects.writable_by(request.user).exclude(pk=found.list_id).by_name()
    page = page_number(request.GET.get("page"))
    context = todo_context(found, person=request.user, page=page)
    context |= {"form": form, "lists_to_move_to": others[:_MOST_LISTS]}
    return render(request, "todos/items/page.html", context, status=status)
