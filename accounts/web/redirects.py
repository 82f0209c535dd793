from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme


def is_local_path(url: str | None) -> bool:
    """Is this a path of ours, safe to redirect to?"""
    return bool(url) and str(url).startswith("/") and url_has_allowed_host_and_scheme(url, allowed_hosts=None)


def next_path(request: HttpRequest, *, default: str) -> str:
    """Return the posted `next` where it is a path of ours."""
    path = request.POST.get("next", "")
    return path if is_local_path(path) else default
