"""The requests of a browser that uploads a file; the bytes themselves go to the store."""

from collections.abc import Iterator
from contextlib import suppress
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import limits
from accounts.web.requests import MemberRequest
from project.lib.connections import let_go
from project.lib.json_errors import json_error
from uploads import access, api, targets
from uploads.api import for_members
from uploads.models import NotUploaded, State, Upload
from uploads.models.upload import PUT_WITHIN
from uploads.reasons import Reason
from uploads.stores import store
from uploads.stores.base import StoreError
from uploads.stores.local import CHUNK, LocalStore, Taken, is_signed


@require_POST
@for_members
def create(request: MemberRequest) -> JsonResponse:
    limits.check("upload", request)
    fields = api.declared(request)
    kind = targets.find(fields["target"].kind)
    assert kind
    kind.may_add(request.user, fields["target"].id)
    made = Upload.create(**fields, by=request.user)
    answer = {
        "id": str(made.pk),
        "state": made.state,
        "put": _put(made),
        "renew": reverse("uploads:put", args=[made.pk]),
        "complete": reverse("uploads:complete", args=[made.pk]),
        "cancel": reverse("uploads:cancel", args=[made.pk]),
        "status": reverse("uploads:status", args=[made.pk]),
    }
    return JsonResponse(answer, status=HTTPStatus.CREATED)


@require_safe
@for_members
def status(request: MemberRequest, pk: UUID) -> JsonResponse:
    return JsonResponse(_described(access.own_upload(request.user, pk)))


@require_POST
@for_members
def put(request: MemberRequest, pk: UUID) -> JsonResponse:
    """Give a fresh right to send the bytes: the browser asks just before it sends."""
    upload = access.own_upload(request.user, pk)
    return JsonResponse({"put": _put(upload)} if upload.state == State.PENDING else _described(upload))


@require_POST
@for_members
def complete(request: MemberRequest, pk: UUID) -> JsonResponse:
    upload = access.own_upload(request.user, pk)
    try:
        upload.complete(by=request.user)
    except NotUploaded:
        return json_error(HTTPStatus.CONFLICT, "not_uploaded", _("The file has not arrived yet. Send it again."))
    if upload.reason == Reason.CHANGED:
        return json_error(HTTPStatus.CONFLICT, "changed", upload.message)
    waiting = upload.state == State.VERIFYING
    return JsonResponse(_described(upload), status=HTTPStatus.ACCEPTED if waiting else HTTPStatus.OK)


@require_POST
@for_members
def cancel(request: MemberRequest, pk: UUID) -> JsonResponse:
    upload = access.own_upload(request.user, pk)
    upload.cancel(by=request.user)
    return JsonResponse(_described(upload))


@csrf_exempt  # the signature is the right to send, and it is for these bytes alone
@require_http_methods(["PUT"])
def receive(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Accept the bytes as S3 would: 403 for what was not signed, 412 for the second time."""
    local = store()
    if not isinstance(local, LocalStore):
        raise Http404
    upload = Upload.objects.filter(pk=pk).first()
    if upload is None or not _is_allowed(request, upload):
        return _refuse(
            request,
            HTTPStatus.FORBIDDEN,
            "forbidden",
            _("This file can't be uploaded to this address. Choose it again."),
        )
    taken = _("The file has already arrived.")
    if upload.state != State.PENDING or local.head(upload.incoming):
        return _refuse(request, HTTPStatus.PRECONDITION_FAILED, "taken", taken)
    let_go()
    try:
        found = local.receive(upload.incoming, _chunks(request), size=int(request.GET["size"]))
    except Taken:
        return _refuse(request, HTTPStatus.PRECONDITION_FAILED, "taken", taken)
    except UnreadablePostError as error:
        raise BadRequest(_("The file did not arrive completely. Send it again.")) from error
    except StoreError as failure:
        api.log.error("The bytes of upload %s could not be stored: %s", pk, failure)
        return api.store_down()
    if not Upload.objects.filter(pk=pk, state__in=(State.PENDING, State.VERIFYING)).exists():
        local.delete(upload.incoming)  # it ended while the bytes came in
        return _refuse(request, HTTPStatus.FORBIDDEN, "forbidden", _("This upload has already ended."))
    return HttpResponse(headers={"ETag": f'"{found.etag}"'})


def _put(upload: Upload) -> dict[str, Any]:
    right = store().presign_put(upload.incoming, type=upload.type, size=upload.size, expires=PUT_WITHIN)
    return {"url": right.url, "headers": right.headers}


def _described(upload: Upload) -> dict[str, Any]:
    return {
        "id": str(upload.pk),
        "state": upload.state,
        "reason": upload.reason,
        "message": upload.message,
        "name": upload.name,
        "type": upload.type,
        "size": upload.size,
    }


def _is_allowed(request: HttpRequest, upload: Upload) -> bool:
    """Is the request signed for this upload, and is all of it what was signed?"""
    return (
        is_signed(upload.incoming, request.GET)
        and request.META.get("CONTENT_TYPE") == request.GET["type"]
        and request.META.get("CONTENT_LENGTH") == request.GET["size"]
        and request.headers.get("If-None-Match") == "*"
        and not any(name.lower().startswith("x-amz-") for name in request.headers)
    )


def _chunks(request: HttpRequest) -> Iterator[bytes]:
    return iter(lambda: request.read(CHUNK), b"")


def _refuse(request: HttpRequest, status: int, code: str, message: str) -> JsonResponse:
    """Read what is sent, and answer then: a browser that is cut off would not show the answer."""
    let_go()
    with suppress(UnreadablePostError):
        for _chunk in _chunks(request):
            pass
    return json_error(status, code, message)
