"""What the page of one list shows, as a whole and row by row."""

from typing import Any

from django.core.paginator import Page, Paginator

from todos.lists.filters import Filters, todos_of
from todos.lists.forms import AddForm
from todos.models import Attachment, Membership, Todo
from todos.web.moving import point, point_all
from todos.web.paging import PAGE_SIZE


def page_context(membership: Membership, *, filters: Filters) -> dict[str, Any]:
    page, todos = _page(membership.list_id, filters=filters)
    give_files(todos)
    return base_context(membership, filters=filters) | {"todos": todos, "page_obj": page, "form": AddForm()}


def base_context(membership: Membership, *, filters: Filters) -> dict[str, Any]:
    """What the rows and the summary need, without the rows."""
    return {
        "list": membership.list,
        "membership": membership,
        "can_write": membership.can_write,
        "is_owner": membership.is_owner,
        "filters": filters,
        "summary": membership.list.summary(),
        "reorderable": filters.reorderable and membership.can_write,
    }


def place_row(todo: Todo, *, filters: Filters) -> None:
    """Give a single row what `page_context` gives every row: where to move it by one place."""
    if not filters.reorderable:
        return
    todos = todos_of(todo.list_id, filters=filters).exclude(pk=todo.pk)
    before = list(todos.filter(position__lte=todo.position).reverse().values_list("pk", flat=True)[:2])
    after = todos.filter(position__gt=todo.position).values_list("pk", flat=True).first()
    point(todo, before=before[::-1], after=after)


def give_files(todos: list[Todo]) -> None:
    """Give the rows what they show of their files, in one query for all of them."""
    of: dict[int, list[Attachment]] = {todo.pk: [] for todo in todos}
    for file in Attachment.objects.for_rows().filter(todo__in=of):
        of[file.todo_id].append(file)
    for todo in todos:
        todo.files = of[todo.pk]


def _page(list_id: int, *, filters: Filters) -> tuple[Page[Todo], list[Todo]]:
    """Return the page and its rows; with them, where they can be moved, the two before and the one after are read."""
    todos = todos_of(list_id, filters=filters).for_rows()
    page = Paginator(todos, PAGE_SIZE).get_page(filters.page)
    if not filters.reorderable:
        return page, list(page.object_list)
    start = (page.number - 1) * PAGE_SIZE
    lead = min(start, 2)
    rows = list(todos[start - lead : start + PAGE_SIZE + 1])
    shown = rows[lead : lead + PAGE_SIZE]
    point_all(rows, shown, lead=lead)
    return page, shown
