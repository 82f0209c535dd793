"""The page that a request came from, and the part of it that the answer replaces."""

from urllib.parse import urlsplit

from django.http import HttpRequest
from django.urls import Resolver404, resolve

from accounts.web.redirects import is_local_path, next_path
from accounts.web.requests import MemberRequest


def swap_target(request: HttpRequest) -> str:
    """Return the id of the element an htmx request swaps, "" for a plain request: `li#todo-12` is `todo-12`."""
    if request.headers.get("HX-Request") != "true":
        return ""
    return request.headers.get("HX-Target", "").rpartition("#")[2]


def list_page(path: str) -> int | None:
    """Return the id of the list whose page `path` is, None for any other page."""
    try:
        match = resolve(urlsplit(path).path)
    except (Resolver404, ValueError):
        return None
    return match.kwargs["pk"] if match.view_name == "todos:list" else None


def shown_page(request: MemberRequest) -> str:
    """Return path and query of the page a fragment goes into: what the browser shows, else the field `next`."""
    shown = request.htmx.current_url_abs_path
    return str(shown) if is_local_path(shown) else next_path(request, default="")
