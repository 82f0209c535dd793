from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import limits
from accounts.web.redirects import next_path
from accounts.web.requests import MemberRequest
from todos.lists.filters import Filters
from todos.lists.forms import AddForm, ListForm
from todos.lists.page import page_context
from todos.lists.responses import rows_changed
from todos.models import Membership, TodoList
from todos.web import access
from todos.web.access import signed_in
from todos.web.attempting import attempt
from todos.web.navigation import swap_target
from todos.web.paging import PAGE_SIZE, page_number
from todos.web.toasts import toast


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def lists(request: MemberRequest) -> HttpResponse:
    form = ListForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        return redirect(TodoList.create(form.cleaned_data["name"], by=request.user))
    page = Paginator(TodoList.objects.for_lists_page(request.user), PAGE_SIZE).get_page(page_number(_get(request)))
    context = {"lists": page, "page_obj": page, "form": form}
    return render(request, "todos/lists/lists.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def one_list(request: MemberRequest, pk: int) -> HttpResponse:
    if request.method == "POST":
        return _add(request, access.writable_list(request.user, pk))
    membership, filters = access.readable_list(request.user, pk), Filters.from_params(request.GET)
    if filters.q:
        limits.check("search", request)
    context = page_context(membership, filters=filters)
    template = "todos/lists/_rows_changed.html" if swap_target(request) == "rows" else "todos/lists/list.html"
    return render(request, template, context)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def edit(request: MemberRequest, pk: int) -> HttpResponse:
    todo_list = access.owned_list(request.user, pk).list
    form = ListForm(request.POST if request.method == "POST" else None, initial={"name": todo_list.name})
    if not (form.is_bound and form.is_valid()):
        context = {"list": todo_list, "form": form}
        return render(request, "todos/lists/edit.html", context, status=422 if form.is_bound else 200)
    with access.holding(access.owned_list, request.user, pk) as owned:
        renamed = owned.list.rename(form.cleaned_data["name"], by=request.user)
    if renamed:
        toast(request, _("The list is now called “%(name)s”.") % {"name": owned.list.name})
    return HttpResponseRedirect(next_path(request, default=todo_list.get_absolute_url()))


@require_POST
@signed_in
def trash(request: MemberRequest, pk: int) -> HttpResponse:
    with access.holding(access.disposable_list, request.user, pk) as todo_list:
        trashed = todo_list.trash(by=request.user)
    if trashed:
        text = _("The list “%(name)s” was moved to the trash.") % {"name": todo_list.name}
        toast(request, text, undo=reverse("todos:list_restore", args=[pk]))
    # Not to `next`: its page has just gone.
    return redirect("todos:lists")


@require_POST
@signed_in
def restore(request: MemberRequest, pk: int) -> HttpResponse:
    with access.holding(access.disposable_list, request.user, pk) as todo_list:
        restored = attempt(request, lambda: todo_list.restore(by=request.user))
    if restored:
        toast(request, _("The list “%(name)s” was restored.") % {"name": todo_list.name})
    default = todo_list.get_absolute_url() if restored is not None else reverse("todos:trash")
    return HttpResponseRedirect(next_path(request, default=default))


def _add(request: MemberRequest, membership: Membership) -> HttpResponse:
    form = AddForm(request.POST)
    in_rows = swap_target(request) == "rows"
    if form.is_valid():
        with access.holding(access.writable_list, request.user, membership.list_id) as held:
            held.list.add(**form.cleaned_data, by=request.user)
        if in_rows:
            return rows_changed(request, membership)
        return HttpResponseRedirect(next_path(request, default=membership.list.get_absolute_url()))
    if in_rows:
        response = render(request, "todos/lists/_add.html", {"list": membership.list, "form": form}, status=422)
        response["HX-Retarget"], response["HX-Reswap"] = "#add", "outerHTML"
        return response
    context = page_context(membership, filters=Filters.from_url(next_path(request, default="")))
    return render(request, "todos/lists/list.html", context | {"form": form}, status=422)


def _get(request: MemberRequest) -> str | None:
    return request.GET.get("page")
