"""JSON in and out, including errors, whatever the request says it accepts."""

import json
import logging
import re
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, JsonResponse
from django.utils.translation import gettext as _

from accounts.limits import Limited, StoreDown
from accounts.models import User
from project.lib.json_errors import json_error
from project.lib.refusals import Refused
from uploads import refusals, targets
from uploads.stores.base import StoreError

LONGEST_NAME = 1000

log = logging.getLogger("holdfast.uploads")


def for_members[**P](view: Callable[P, JsonResponse]) -> Callable[P, JsonResponse]:
    """Decorate a view: visitors get 401, and exceptions become JSON answers."""

    @wraps(view)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> JsonResponse:
        request = args[0]
        assert isinstance(request, HttpRequest)
        if not isinstance(request.user, User):
            return json_error(HTTPStatus.UNAUTHORIZED, "signed_out", _("You are signed out. Sign in and try again."))
        try:
            return view(*args, **kwargs)
        except Refused as refused:
            status = HTTPStatus.CONFLICT if refused.code == "quota" else HTTPStatus.BAD_REQUEST
            return json_error(status, refused.code, str(refused))
        except Http404:
            return json_error(HTTPStatus.NOT_FOUND, "not_found", _("This no longer exists."))
        except PermissionDenied as denied:
            return _denied(denied)
        except StoreError as failure:
            log.error("%s could not be served: %s: %s", request.path, type(failure).__name__, failure)
            return store_down()

    return wrapper


def store_down() -> JsonResponse:
    down = refusals.store_down()
    return json_error(HTTPStatus.SERVICE_UNAVAILABLE, down.code, str(down), retry_after=10)


def declared(request: HttpRequest) -> dict[str, Any]:
    """Return name, size, type and target of the file that the body declares; raise Refused if it is wrong."""
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError):
        body = None
    fields = body if isinstance(body, dict) else {}
    name, size, kind, target = (fields.get(field) for field in ("name", "size", "type", "target"))
    if type(size) is not int or size < 0:  # bool is an int, too
        raise refusals.wrong_size()
    if not isinstance(kind, str):
        raise refusals.wrong_type()
    if not isinstance(name, str) or not 0 < len(name) <= LONGEST_NAME or re.search("[\ud800-\udfff]", name):
        raise refusals.wrong_name()
    return {"name": name, "size": size, "type": kind, "target": _target(target)}


def _target(value: object) -> targets.Target:
    kind, id = (value.get("kind"), value.get("id")) if isinstance(value, dict) else (None, None)
    id = str(id) if type(id) is int and 0 <= id < 2**63 else id
    if not (isinstance(kind, str) and isinstance(id, str) and re.fullmatch(r"[0-9A-Za-z-]{1,40}", id)):
        raise refusals.wrong_target()
    if targets.find(kind) is None:
        raise refusals.wrong_target()
    return targets.Target(kind, id)


def _denied(denied: PermissionDenied) -> JsonResponse:
    if isinstance(denied, Limited):
        return json_error(HTTPStatus.TOO_MANY_REQUESTS, "too_many_requests", str(denied), retry_after=denied.wait)
    if isinstance(denied, StoreDown):
        return json_error(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", _("Try again in a moment."))
    return json_error(HTTPStatus.FORBIDDEN, "forbidden", str(denied) or _("You don't have permission to do this."))
