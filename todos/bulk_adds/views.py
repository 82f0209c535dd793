import csv
from collections.abc import Callable, Iterator

from django.core.exceptions import BadRequest
from django.http import HttpResponse, StreamingHttpResponse, UnreadablePostError
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import limits
from accounts.web.requests import MemberRequest
from todos.bulk_adds.forms import BulkAddForm
from todos.bulk_adds.page import page_context, report_rows
from todos.bulk_adds.spool import Spool
from todos.bulk_adds.steps import LARGEST
from todos.models import BulkAdd, Membership
from todos.web import access
from todos.web.access import signed_in
from todos.web.attempting import attempt
from todos.web.navigation import swap_target
from todos.web.paging import page_number
from todos.web.toasts import toast

_LARGE = frozenset({"lines", "file"})
_EARLIER = 10


@csrf_exempt  # only here: how the body is read must be settled before the token in it is; `_new` asks for the token
@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
@limits.guard("bulk_add")
def new(request: MemberRequest, list_pk: int) -> HttpResponse:
    membership = access.writable_list(request.user, list_pk)
    request.upload_handlers = [Spool(request, large=_LARGE, limit=LARGEST)]
    try:
        request.POST  # noqa: B018 - reads the body
    except UnreadablePostError as error:
        raise BadRequest(_("Some of the lines did not arrive. Send them again.")) from error
    return _new(request, membership)


@require_safe
@signed_in
def bulk_add(request: MemberRequest, pk: int) -> HttpResponse:
    found = access.writable_bulk_add(request.user, pk)
    context = page_context(found, page=page_number(request.GET.get("page")))
    template = "todos/bulk_adds/_bulk_add.html" if swap_target(request) == "bulk-add" else "todos/bulk_adds/page.html"
    return render(request, template, context)


@require_POST
@signed_in
def confirm(request: MemberRequest, pk: int) -> HttpResponse:
    return _do(request, pk, verb=lambda found: found.confirm(by=request.user))


@require_POST
@signed_in
def discard(request: MemberRequest, pk: int) -> HttpResponse:
    return _do(request, pk, verb=lambda found: found.discard(by=request.user), said=_("The lines were discarded."))


@require_POST
@signed_in
def undo(request: MemberRequest, pk: int) -> HttpResponse:
    return _do(request, pk, verb=lambda found: found.undo(by=request.user), again=_("This has already been undone."))


@require_safe
@signed_in
@limits.guard("bulk_add_report", methods=("GET",))
def report(request: MemberRequest, pk: int) -> StreamingHttpResponse:
    """Send the outcome of each line, as a table that is written while it is sent."""
    found = access.writable_bulk_add(request.user, pk)
    response = StreamingHttpResponse(_csv(found), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="bulk-add-{found.pk}.csv"'
    return response


@csrf_protect
def _new(request: MemberRequest, membership: Membership) -> HttpResponse:
    posted = (request.POST, request.FILES) if request.method == "POST" else ()
    form = BulkAddForm(*posted, largest=LARGEST)
    if form.is_bound and form.is_valid():
        return _create(request, membership, form=form)
    earlier = BulkAdd.objects.for_list(membership.list)[:_EARLIER]
    context = {"list": membership.list, "form": form, "earlier": earlier}
    return render(request, "todos/bulk_adds/new.html", context, status=422 if form.is_bound else 200)


def _create(request: MemberRequest, membership: Membership, *, form: BulkAddForm) -> HttpResponse:
    file = form.cleaned_data["file"]
    text = file or form.cleaned_data["lines"]
    name = file.name if file else ""
    return redirect(BulkAdd.create(membership.list, text, by=request.user, file_name=name))


def _do(
    request: MemberRequest, pk: int, *, verb: Callable[[BulkAdd], bool], said: str = "", again: str = ""
) -> HttpResponse:
    with access.holding(access.writable_bulk_add, request.user, pk) as found:
        changed = attempt(request, lambda: verb(found))
    if changed and said:
        toast(request, said)
    elif changed is False:
        toast(request, again or _("This has already been done."))
    return redirect(found)


def _csv(found: BulkAdd) -> Iterator[str]:
    class Echo:
        def write(self, line: str) -> str:
            return line

    writer = csv.writer(Echo())
    yield writer.writerow([_("line"), _("outcome"), _("reason")])
    for row in report_rows(found):
        yield writer.writerow(row)
