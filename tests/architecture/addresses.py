"""Every address of the project, as the resolver knows them: one that is added tomorrow is found, too."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings
from django.shortcuts import resolve_url
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RoutePattern
from django.utils.regex_helper import normalize


@dataclass(frozen=True)
class Address:
    name: str
    path: str  # "lists/%(pk)s/"

    @property
    def params(self) -> tuple[str, ...]:
        return tuple(re.findall(r"%\((\w+)\)s", self.path))

    @property
    def is_admin(self) -> bool:
        return self.path.startswith("admin/")

    def url(self, values: dict[str, object] | str) -> str:
        return "/" + self.path % (dict.fromkeys(self.params, values) if isinstance(values, str) else values)


def walk(resolver: URLResolver, prefix: str = "", names: tuple[str, ...] = ()) -> Iterator[Address]:
    for entry in resolver.url_patterns:
        path = prefix + template(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from walk(entry, path, (*names, entry.namespace) if entry.namespace else names)
        elif isinstance(entry, URLPattern):
            yield Address(":".join((*names, entry.name or entry.lookup_str)), path)


def template(pattern) -> str:
    if isinstance(pattern, RoutePattern):
        return re.sub(r"<(?:\w+:)?(\w+)>", r"%(\1)s", str(pattern))
    return normalize(str(pattern))[0][0]


ADDRESSES = list(walk(get_resolver()))


def leads_to_sign_in(response) -> bool:
    """Is this a redirect to the sign-in page, at once or through the front door of the admin?"""
    sign_in, hops = resolve_url(settings.LOGIN_URL), 0
    while response.status_code == 302 and response["Location"].startswith(resolve_url("admin:index")) and hops < 3:
        response, hops = Client().get(response["Location"]), hops + 1
    return response.status_code == 302 and response["Location"].partition("?")[0] == sign_in
