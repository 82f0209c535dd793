from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.web.requests import MemberRequest
from todos.attachments.own_files.page import files_page
from todos.web import access
from todos.web.access import signed_in
from todos.web.attempting import attempt
from todos.web.paging import page_number
from todos.web.toasts import toast


@require_safe
@signed_in
def files(request: MemberRequest) -> HttpResponse:
    return render(
        request,
        "todos/attachments/own_files/files.html",
        files_page(request.user, number=page_number(request.GET.get("page"))),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def erase(request: MemberRequest, pk: int) -> HttpResponse:
    """Ask, as nothing brings it back; then delete it permanently."""
    found = access.erasable_attachment(request.user, pk)
    if request.method != "POST":
        return render(request, "todos/attachments/own_files/erase.html", {"attachment": found, "todo": found.todo})
    if attempt(request, lambda: found.erase(by=request.user)):
        said = _("“%(name)s” was permanently deleted. %(size)s is free again.")
        toast(request, said % {"name": found.name, "size": filesizeformat(found.upload.stored_size or 0)})
    return redirect("todos:files")
