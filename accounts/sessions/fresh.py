"""A fresh session: sensitive pages want a sign-in, or a confirmation of who it is, in the last five minutes.

    @fresh_session_required            # includes login_required; on methods of an admin through `method_decorator`
    def delete_account(request): ...

    if not fresh.is_fresh(request):    # where only some of what a view does is sensitive, as in an admin action
        return fresh.ask(request)

Others are asked for the password or a factor, and then return to where they were going. A form that they had
filled waits in their session meanwhile, without passwords and the like, and is sent again with one click.
"""

import re
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone

FRESH_FOR = timedelta(minutes=5)
FORM_KEPT_FOR = timedelta(minutes=10)
LARGEST_FORM = 16 * 1024  # bytes; what is larger is not kept
FRESH_KEY, FORM_KEY = "fresh_at", "fresh_form"
NEVER_KEPT = re.compile(r"password|secret|code|credential|token", re.IGNORECASE)

type View = Callable[..., HttpResponseBase]


def is_fresh(request: HttpRequest) -> bool:
    return _age(request.session.get(FRESH_KEY)) < FRESH_FOR.total_seconds()


def refresh(request: HttpRequest) -> None:
    """Note that the person has just signed in or re-authenticated."""
    request.session[FRESH_KEY] = timezone.now().timestamp()


def fresh_session_required[V: View](view: V) -> V:
    """Let in members with a fresh session; ask others to sign in or to re-authenticate."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if not is_fresh(request):
            return ask(request)
        if request.method == "POST":
            forget_form(request)
        return view(request, *args, **kwargs)

    return wrapped  # type: ignore[return-value] # the same signature


def ask(request: HttpRequest) -> HttpResponseRedirect:
    """Redirect to the page that asks for the password or a factor, which leads back to this request."""
    target = reverse("account_continue") if _keep_form(request) else request.get_full_path()
    return HttpResponseRedirect(f"{reverse('account_reauthenticate')}?{urlencode({REDIRECT_FIELD_NAME: target})}")


def kept_form(request: HttpRequest) -> dict[str, Any] | None:
    """Return the form that waits: its `path`, its `fields` as pairs, and whether some were `left_out`."""
    form: dict[str, Any] | None = request.session.get(FORM_KEY)
    return form if form and _age(form["at"]) < FORM_KEPT_FOR.total_seconds() else None


def forget_form(request: HttpRequest) -> None:
    request.session.pop(FORM_KEY, None)


def _keep_form(request: HttpRequest) -> bool:
    """Keep what was posted; False if there is nothing to keep, or too much."""
    if request.method != "POST" or request.FILES:
        return False
    posted = [
        (name, value)
        for name, values in request.POST.lists()
        for value in values
        if name != "csrfmiddlewaretoken"  # another one by then
    ]
    fields = [(name, value) for name, value in posted if not (value and NEVER_KEPT.search(name))]
    left_out = len(fields) < len(posted)
    size = sum(len(name.encode()) + len(value.encode()) for name, value in fields)
    if size > LARGEST_FORM or (left_out and not fields):
        return False
    request.session[FORM_KEY] = {
        "path": request.get_full_path(),
        "fields": fields,
        "left_out": left_out,
        "at": timezone.now().timestamp(),
    }
    return True


def _age(at: float | None) -> float:
    """Return how many seconds ago that was; infinitely many if it never was."""
    return float("inf") if at is None else timezone.now().timestamp() - at
