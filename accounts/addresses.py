"""The client's address: one answer for sign-in limits, the audit and the list of sessions.

The peer's own address counts, unless it is one of TRUSTED_PROXIES: then the header CLIENT_IP_HEADER does, read from
its end, as far as trusted proxies wrote it. What an untrusted peer says about itself is ignored.
"""

import ipaddress
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.conf import settings
from django.http import HttpRequest

type Address = ipaddress.IPv4Address | ipaddress.IPv6Address

log = logging.getLogger("holdfast.addresses")
_current: ContextVar[Address | None] = ContextVar("client_address", default=None)


def client_address(request: HttpRequest) -> Address | None:
    """Return the client's address; None if a trusted proxy does not tell it, so that nobody is mistaken for the proxy.

    Rules that count by address must be skipped for None: one bucket for everybody would lock everybody out.
    """
    address = parse(request.META.get("REMOTE_ADDR", ""))
    if address is None or not _is_trusted(address):
        return address
    hops = request.headers.get(settings.CLIENT_IP_HEADER, "").split(",")
    for hop in reversed(hops):
        address = parse(hop)
        if address is None:
            log.warning("A trusted proxy sent no usable %s; limits by address are skipped", settings.CLIENT_IP_HEADER)
            return None
        if not _is_trusted(address):
            return address
    return address


def parse(text: str) -> Address | None:
    """Read an address, perhaps with brackets, a port or a zone; ::ffff:192.0.2.1 is 192.0.2.1."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def bucket(address: Address) -> str:
    """Return what limits count by: the address, or the /64 that one IPv6 customer has at least."""
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    return str(ipaddress.IPv6Network((address, 64), strict=False))


def current() -> Address | None:
    """Return the address of the request that is being served; None outside of one."""
    return _current.get()


@contextmanager
def serving(request: HttpRequest) -> Iterator[None]:
    token = _current.set(client_address(request))
    try:
        yield
    finally:
        _current.reset(token)


def _is_trusted(address: Address) -> bool:
    return any(address in network for network in settings.TRUSTED_PROXIES)
