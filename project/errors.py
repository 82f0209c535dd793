"""Answers to requests that cannot be served: a designed page, or JSON where the client asks for it."""

import errno
import logging
import sqlite3
import sys
from http import HTTPStatus

from django.core.exceptions import DisallowedHost
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from redis.exceptions import RedisError

from accounts.limits import Limited, StoreDown
from project.lib.json_errors import json_error
from uploads.stores.base import StoreError

log = logging.getLogger("holdfast.errors")

_TEXTS = {
    400: ("bad_request", gettext_lazy("This request could not be understood"), ""),
    403: (
        "forbidden",
        gettext_lazy("You don't have permission"),
        gettext_lazy("Ask an owner of the list or an operator for access."),
    ),
    404: (
        "not_found",
        gettext_lazy("There is nothing here"),
        gettext_lazy("It may have been moved or deleted, or the list isn't shared with you."),
    ),
    405: ("method_not_allowed", gettext_lazy("This address doesn't accept this kind of request"), ""),
    411: ("length_required", gettext_lazy("The request has no length"), ""),
    413: (
        "too_large",
        gettext_lazy("That is too much at once"),
        gettext_lazy("Nothing was saved. Send less and try again."),
    ),
    429: ("too_many_requests", gettext_lazy("Too many attempts"), gettext_lazy("Wait a moment, then try again.")),
    500: (
        "server_error",
        gettext_lazy("Something went wrong"),
        gettext_lazy("This wasn't your fault. Everything you saved before is safe. Try again in a moment."),
    ),
    503: (
        "unavailable",
        gettext_lazy("Holdfast is temporarily unavailable"),
        gettext_lazy(
            "Your last change may not have been saved, but everything before it is safe. Try again in a moment."
        ),
    ),
}


def wants_json(request: HttpRequest) -> bool:
    preferred = request.get_preferred_type(["text/html", "application/json"])
    return preferred == "application/json"


def error_response(request: HttpRequest, status: int, *, title: str = "", message: str = "") -> HttpResponse:
    """Answer with `status` as the page `<status>.html` or as {"error": {"code", "message"}}.

    Needs no database, no session and no user.
    """
    code, usual, default = _TEXTS[status]
    stands_alone = bool(message and not title)
    title, message = title or str(usual), message or str(default)
    if wants_json(request):
        told = message if stands_alone else f"{title}. {message}".strip()
        return json_error(status, code, told)
    template = f"{status if status != HTTPStatus.LENGTH_REQUIRED else 400}.html"
    return HttpResponse(render_to_string(template, {"title": title, "message": message}), status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    message = ""
    if isinstance(exception, DisallowedHost):
        message = _("This Holdfast is set up for a different address. Its operator can change it with PUBLIC_URL.")
    return error_response(request, 400, message=message)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    if isinstance(exception, Limited):
        return _later(error_response(request, 429, message=str(exception)), seconds=exception.wait)
    if isinstance(exception, StoreDown):
        return _later(error_response(request, 503))
    return error_response(request, 403, message=str(exception))


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django's signature
    return error_response(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 503 if something we depend on is down and 500 for a bug of ours; the transaction was rolled back."""
    error = sys.exception()
    if error is None or not is_outage(error):
        return error_response(request, 500)
    log.error("%s %s could not be served: %s: %s", request.method, request.path, type(error).__name__, error)
    return _later(error_response(request, 503))


def is_outage(error: BaseException) -> bool:
    """Is this a lost, locked or full database, a store that is down, or a disk that is full or not writable?"""
    if isinstance(error, OperationalError | InterfaceError | RedisError | sqlite3.DatabaseError | StoreError):
        return True
    if (boto := sys.modules.get("botocore.exceptions")) and isinstance(error, (boto.BotoCoreError, boto.ClientError)):
        return True  # of the default storage; without a bucket nothing has imported them
    return isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EDQUOT}


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 - Django's signature
    message = _(
        "You may have signed in or out since you opened it. Nothing was changed. Go back, reload it and try again."
    )
    response = error_response(request, 403, title=_("This page is out of date"), message=message)
    response["X-Failure"] = "outdated"  # read by toast.js, which has a sentence of its own for it
    return response


def _later(response: HttpResponse, *, seconds: int = 10) -> HttpResponse:
    response["Retry-After"] = str(seconds)
    return response
