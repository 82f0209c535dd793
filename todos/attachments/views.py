from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import limits
from accounts.web.redirects import next_path
from accounts.web.requests import MemberRequest
from project.lib.refusals import Refused
from todos.attachments import attaching
from todos.attachments.forms import CaptionForm, FileMoveForm
from todos.attachments.page import files_context
from todos.history.page import history_context
from todos.models import Attachment, Todo
from todos.web import access
from todos.web.access import signed_in
from todos.web.attempting import attempt
from todos.web.navigation import swap_target
from todos.web.toasts import refuse, toast
from uploads import plain_form, serving
from uploads.models import Upload

LIST = "attachment-list"


@csrf_exempt  # only here: how the body is read must be settled before the token in it is; `_add` asks for the token
@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
@limits.guard("upload")
def attachments(request: MemberRequest, pk: int) -> HttpResponse:
    """Accept files from a plain form, or answer the page that asks whether something changed."""
    if request.method == "POST":
        todo = access.writable_todo(request.user, pk)
        plain_form.read(request)
        return _add(request, todo)
    return _follow(request, access.readable_todo(request.user, pk))


@require_POST
@signed_in
def dismiss(request: MemberRequest, pk: int, upload_pk: UUID) -> HttpResponse:
    """Dismiss one of the person's own uploads that is not, or will never be, attached."""
    todo = access.disposable_todo(request.user, pk)
    found = Upload.objects.of(request.user).meant_for(attaching.target(todo)).filter(pk=upload_pk).first()
    if found is None:
        raise Http404
    found.cancel(by=request.user)
    return _answer(request, todo)


@require_POST
@signed_in
def caption(request: MemberRequest, pk: int) -> HttpResponse:
    found = access.writable_attachment(request.user, pk)
    form = CaptionForm(request.POST)
    if not form.is_valid():
        refuse(request, " ".join(str(error) for errors in form.errors.values() for error in errors))
    elif attempt(request, lambda: found.set_caption(form.cleaned_data["caption"], by=request.user)):
        toast(request, _("The caption of “%(name)s” was saved.") % {"name": found.name})
    return _answer(request, found.todo)


@require_POST
@signed_in
def move(request: MemberRequest, pk: int) -> HttpResponse:
    found = access.writable_attachment(request.user, pk)
    form = FileMoveForm(request.POST)
    if not form.is_valid():
        refuse(request, _("Couldn't move it: no valid position was given."))
        return _answer(request, found.todo)
    left = attempt(request, lambda: found.move(by=request.user, after=form.cleaned_data["after"]))
    if left is not None:
        undo = reverse("todos:attachment_move", args=[pk])
        toast(request, _("“%(name)s” was moved.") % {"name": found.name}, undo=undo, fields={"after": left})
    return _answer(request, found.todo)


@require_POST
@signed_in
def trash(request: MemberRequest, pk: int) -> HttpResponse:
    found = access.disposable_attachment(request.user, pk)
    return _do(request, found, found.trash, said=_("“%(name)s” was removed."), undo="todos:attachment_restore")


@require_POST
@signed_in
def restore(request: MemberRequest, pk: int) -> HttpResponse:
    found = access.disposable_attachment(request.user, pk)
    return _do(request, found, found.restore, said=_("“%(name)s” was restored."), undo="todos:attachment_trash")


@require_safe
@signed_in
def file(request: MemberRequest, pk: int) -> HttpResponseBase:
    return serving.respond(request, access.readable_attachment(request.user, pk).upload, "file")


@require_safe
@signed_in
def small(request: MemberRequest, pk: int) -> HttpResponseBase:
    return serving.respond(request, access.readable_attachment(request.user, pk).upload, "small")


@require_safe
@signed_in
def large(request: MemberRequest, pk: int) -> HttpResponseBase:
    return serving.respond(request, access.readable_attachment(request.user, pk).upload, "large")


@csrf_protect
def _add(request: MemberRequest, todo: Todo) -> HttpResponse:
    taken = plain_form.take(request, target=attaching.target(todo), by=request.user)
    refused = [one for one in taken if isinstance(one, Refused)]
    accepted = len(taken) - len(refused)
    if refused:
        others = ngettext("The other file is being checked.", "The %(count)d others are being checked.", accepted)
        texts = [*map(str, refused), *([others % {"count": accepted}] if accepted else [])]
        full = any(one.code == "quota" for one in refused)
        refuse(request, " ".join(texts), link=(reverse("todos:files"), _("See your files")) if full else None)
    elif taken:
        text = ngettext("The file is being checked.", "%(count)d files are being checked.", accepted)
        toast(request, text % {"count": accepted})
    else:
        refuse(request, _("Choose a file first."))
    return _to_page(todo)


def _follow(request: MemberRequest, todo: Todo) -> HttpResponse:
    """Answer with nothing if nothing has changed since the page was `seen`, and something still will."""
    if swap_target(request) != LIST:
        return _to_page(todo)
    files = files_context(todo, person=request.user)
    if files["following"] and request.GET.get("seen") == str(files["seen"]):
        return HttpResponse(status=204)
    return _changed(request, todo, files=files)


def _do(request: MemberRequest, found: Attachment, verb: Callable[..., bool], *, said: str, undo: str) -> HttpResponse:
    if attempt(request, lambda: verb(by=request.user)):
        toast(request, said % {"name": found.name}, undo=reverse(undo, args=[found.pk]))
    return _answer(request, found.todo)


def _answer(request: MemberRequest, todo: Todo) -> HttpResponse:
    if swap_target(request) == LIST:
        return _changed(request, access.readable_todo(request.user, todo.pk))
    return HttpResponseRedirect(next_path(request, default=todo.get_absolute_url()))


def _changed(request: MemberRequest, todo: Todo, *, files: dict[str, Any] | None = None) -> HttpResponse:
    context = (files or files_context(todo, person=request.user)) | history_context(todo)
    return render(request, "todos/attachments/_attachments_changed.html", context)


def _to_page(todo: Todo) -> HttpResponse:
    return redirect(f"{todo.get_absolute_url()}#attachments")
