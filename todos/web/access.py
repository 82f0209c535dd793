"""Who may do what: the only way from a request's ids to rows.

A stranger gets 404 and learns nothing; a member whose role does not allow it gets 403.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.web.redirects import next_path
from todos.models import Attachment, BulkAdd, Membership, Role, Todo, TodoList
from todos.models.roles import WRITERS

READS_ONLY = gettext_lazy("You can view this list, but not change it. Ask an owner to make you an editor.")


def signed_in[**P, R: HttpResponseBase](view: Callable[P, R]) -> Callable[P, R | HttpResponse]:
    """Send anonymous visitors to the sign-in page, and from there to a page: what they posted is not sent again."""

    @wraps(view)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R | HttpResponse:
        request = args[0]
        assert isinstance(request, HttpRequest)
        if request.user.is_authenticated:
            return view(*args, **kwargs)
        reading = request.method in ("GET", "HEAD")
        return redirect_to_login(
            request.get_full_path() if reading else next_path(request, default=reverse("todos:lists"))
        )

    return wrapper


@contextmanager
def held(list_pk: int) -> Iterator[None]:
    """Keep roles and the trash of a list as they are until the block ends, so that permissions loaded in it stay valid.

    On SQLite a transaction is the only writer from its beginning.
    """
    with transaction.atomic():
        TodoList.objects.select_for_update(no_key=True).filter(pk=list_pk).first()
        yield


@contextmanager
def holding[Found: Membership | TodoList | BulkAdd](
    load: Callable[[User, int], Found], user: User, pk: int
) -> Iterator[Found]:
    """Load with permission, hold the list, and load again: what is yielded holds until the block ends.

    Without the first load, anyone could make a list's members wait.
    """
    found = load(user, pk)
    with held(found.pk if isinstance(found, TodoList) else found.list_id):
        yield load(user, pk)


def readable_list(user: User, pk: int) -> Membership:
    """Return the person's membership of a list that is not in the trash, with the list."""
    found = Membership.objects.of(user).filter(list=pk, list__trashed_at__isnull=True).select_related("list").first()
    if found is None:
        raise Http404
    found.user = user
    return found


def writable_list(user: User, pk: int) -> Membership:
    membership = readable_list(user, pk)
    if not membership.can_write:
        raise PermissionDenied(READS_ONLY)
    return membership


def owned_list(user: User, pk: int) -> Membership:
    membership = readable_list(user, pk)
    if not membership.is_owner:
        raise PermissionDenied(_("Only an owner of the list can do this."))
    return membership


def disposable_list(user: User, pk: int) -> TodoList:
    """Return a list to trash or to restore: owners reach it in the trash as well, other members only outside."""
    found = TodoList.objects.of(user).filter(pk=pk).first()
    if found is None or (found.role != Role.OWNER and found.trashed_at):
        raise Http404
    if found.role != Role.OWNER:
        raise PermissionDenied(_("Only an owner of the list can do this."))
    return found


def member_of(owned: Membership, *, pk: int) -> Membership:
    """Return a member of a list that the person owns."""
    found = owned.list.memberships.filter(pk=pk).select_related("user").first()
    if found is None:
        raise Http404
    return found


def readable_todo(user: User, pk: int) -> Todo:
    """Return a to-do of a list the person may see, in the trash or not, with the person's `role` there."""
    found = Todo.objects.visible_to(user).for_rows().filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def writable_todo(user: User, pk: int) -> Todo:
    todo = disposable_todo(user, pk)
    if todo.trashed_at:
        raise Http404
    return todo


def disposable_todo(user: User, pk: int) -> Todo:
    """Return a to-do to trash or to restore, in the trash or not."""
    todo = readable_todo(user, pk)
    if todo.role not in WRITERS:
        raise PermissionDenied(READS_ONLY)
    return todo


def attachable_todo(user: User, pk: int) -> Todo:
    """Return the to-do that a checked file is for; it and its list may be in the trash, and come back with the file."""
    found = Todo.objects.of(user).filter(pk=pk).first()
    if found is None or found.role not in WRITERS:
        raise Http404
    return found


def readable_attachment(user: User, pk: int) -> Attachment:
    """Return a file of a to-do the person may see; one in the trash only to those who may restore it."""
    found = Attachment.objects.visible_to(user).select_related("upload", "todo").filter(pk=pk).first()
    if found is None or (found.trashed_at and found.role not in WRITERS):
        raise Http404
    return found


def writable_attachment(user: User, pk: int) -> Attachment:
    found = disposable_attachment(user, pk)
    if found.trashed_at:
        raise Http404
    return found


def disposable_attachment(user: User, pk: int) -> Attachment:
    """Return a file to remove or to restore, in the trash or not; its to-do is not in the trash."""
    found = readable_attachment(user, pk)
    if found.role not in WRITERS:
        raise PermissionDenied(READS_ONLY)
    if found.todo.trashed_at:
        raise Http404
    return found


def erasable_attachment(user: User, pk: int) -> Attachment:
    """Return a file in the trash that the person uploaded."""
    found = disposable_attachment(user, pk)
    if found.upload.owner_id != user.pk:
        raise PermissionDenied(_("Only the person who uploaded a file can delete it permanently."))
    if not found.trashed_at:
        raise Http404
    return found


def writable_bulk_add(user: User, pk: int) -> BulkAdd:
    """Return a bulk add, with its list, to those who may change the list: readers see the to-dos, not how they came."""
    found = BulkAdd.objects.visible_to(user).for_page().filter(pk=pk).first()
    if found is None:
        raise Http404
    if found.role not in WRITERS:
        raise PermissionDenied(READS_ONLY)
    return found
