from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.web.requests import MemberRequest
from todos.models import Attachment, Todo, TodoList
from todos.web.access import signed_in
from todos.web.paging import PAGE_SIZE, page_number


@require_safe
@signed_in
def trash_page(request: MemberRequest) -> HttpResponse:
    todos = Paginator(Todo.objects.for_trash_page(request.user), PAGE_SIZE).get_page(
        page_number(request.GET.get("page"))
    )
    trashed = TodoList.objects.restorable_by(request.user).order_by("-trashed_at", "-pk")
    files = Attachment.objects.for_trash_page(request.user)[:PAGE_SIZE]  # the page of its to-do has all of them
    first = todos.number == 1
    context = {"todos": todos, "page_obj": todos, "lists": trashed if first else [], "files": files if first else []}
    return render(request, "todos/trash/trash.html", context)
