"""How often somebody may try: the rules of settings.RATE_LIMITS, counted by django-ratelimit in the shared cache.

Counting is one atomic step in the store, so it is exact over processes and machines, and a request that is rolled
back has been counted all the same. Windows are fixed and follow each other: around the turn of two, twice as many tries
can pass. A refused try is not counted, so nobody prolongs a limit by trying on.

A rule counts by one of:
- "account and address": the account that the form names, however it is spelled, from one client address;
- "account": the account from anywhere, sparing addresses from which its owner has signed in before;
- "address": the client address, left out where it is not known (see addresses.client_address);
- "actor": the member, or a visitor's address.
"""

import logging
import math
import sqlite3
import unicodedata
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import wraps
from typing import Any, cast

from django.conf import settings
from django.core.cache import cache
from django.db.models import Q
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.crypto import salted_hmac
from django.utils.translation import ngettext
from django_ratelimit import ALL
from django_ratelimit.core import _get_window, _make_cache_key, _split_rate, get_usage
from django_ratelimit.exceptions import Ratelimited
from redis.exceptions import RedisError

from accounts import addresses
from accounts.limits import notes
from accounts.models import AuditEvent, AuditKind, User

NO_STORE = (RedisError, sqlite3.Error, OSError)
_MOST_PLACES = 200  # sign-ins that are looked through for a known address

log = logging.getLogger("holdfast.limits")


class Limited(Ratelimited):  # type: ignore[misc]
    """There were too many tries; the next one is allowed after `wait` seconds."""

    def __init__(self, wait: int) -> None:
        super().__init__()
        self.wait = wait

    def __str__(self) -> str:
        if self.wait < 100:
            return ngettext("Try again in %d second.", "Try again in %d seconds.", self.wait) % self.wait
        minutes = math.ceil(self.wait / 60)
        return ngettext("Try again in %d minute.", "Try again in %d minutes.", minutes) % minutes


class StoreDown(Ratelimited):  # type: ignore[misc]
    """Tries cannot be counted, so none is allowed."""


@dataclass(frozen=True)
class _Try:
    name: str
    account: str
    address: addresses.Address | None
    member_id: int | None

    def value(self, by: str) -> str | None:
        """Return what a rule counts by; None where the rule is left out."""
        place = addresses.bucket(self.address) if self.address else None
        if by == "account and address":
            return f"{account_key(self.account)} {place or 'unknown'}"
        if by == "account":
            return account_key(self.account)
        if by == "actor" and self.member_id:
            return f"member {self.member_id}"
        assert by in {"address", "actor"}, by
        return place

    def person(self) -> User | None:
        email = User.objects.normalize_email(self.account)
        found: User | None = User.objects.filter(Q(email=email) if email else Q(pk=self.member_id)).first()
        return found

    def is_spared(self, by: str) -> bool:
        return by == "account" and bool(self.address) and self._is_known_place()

    def _is_known_place(self) -> bool:
        assert self.address
        sign_ins = AuditEvent.objects.filter(person=self.person(), kind=AuditKind.SIGNED_IN, person__isnull=False)
        places = sign_ins.exclude(address=None).values_list("address", flat=True)[:_MOST_PLACES]
        known = {addresses.bucket(address) for place in places if (address := addresses.parse(str(place)))}
        return addresses.bucket(self.address) in known


def check(name: str, request: HttpRequest, *, account: str = "") -> list[str]:
    """Count a try under every rule of `name`; return the counters, for `give_back` where it shall not count.

    Raises Limited, and StoreDown while nothing can be counted, but for settings.RATE_LIMITS_OPEN.
    """
    member_id = request.user.pk if isinstance(request.user, User) else None
    this = _Try(name, account, addresses.client_address(request), member_id)
    try:
        return _count(this, request)
    except NO_STORE as error:
        if name in settings.RATE_LIMITS_OPEN:
            log.warning("The limit %r is not enforced: %s: %s", name, type(error).__name__, error)
            return []
        log.error(
            "Tries for the limit %r cannot be counted, so all are refused: %s: %s", name, type(error).__name__, error
        )
        raise StoreDown from error


def check_sign_in(request: HttpRequest, *, account: str) -> list[str]:
    """Count a password that is about to be checked; `give_back` what is returned when it was right."""
    counted: list[str] = []
    if isinstance(request.user, User):
        account = request.user.email
        counted += check("reauthentication", request)
    try:
        counted += check("sign_in", request, account=account)
        return check("sign_in_failure", request, account=account)
    except Limited:
        give_back(counted)
        raise


def give_back(counters: Iterable[str]) -> None:
    """Take back what `check` counted; a counter that has run out, or cannot be reached, is left alone."""
    for counter in counters:
        with suppress(ValueError, *NO_STORE):
            cache.decr(counter)


def guard[V: Callable[..., HttpResponseBase]](name: str, *, methods: tuple[str, ...] = ("POST",)) -> Callable[[V], V]:
    """Decorate a view: each request by one of `methods` is a try."""

    def decorate(view: V) -> V:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.method in methods:
                check(name, request)
            return view(request, *args, **kwargs)

        return cast(V, guarded)

    return decorate


def account_key(account: str) -> str:
    """Return one key for all spellings of an address: it tells nobody the address."""
    spelled = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", account).casefold())
    return salted_hmac("accounts.limits", "".join(spelled.split()), algorithm="sha256").hexdigest()


def _count(this: _Try, request: HttpRequest) -> list[str]:
    counted: list[str] = []
    for rate, by in settings.RATE_LIMITS[this.name]:
        value = this.value(by)
        if value is None:
            continue
        group = f"{this.name} by {by}"
        counter = _counter(group, rate=rate, value=value)
        usage = get_usage(request, group=group, key=lambda *_args, value=value: value, rate=rate, increment=True)
        if not usage["limit"]:
            raise ConnectionError("the store lost a counter")
        counted.append(counter)
        if usage["should_limit"] and not this.is_spared(by):
            give_back(counted)
            # The window lasts to the end of its last second.
            wait = max(usage["time_left"] + 1, 1)
            notes.note(counter, name=this.name, person=this.person(), address=this.address, seconds=wait)
            raise Limited(wait)
    return counted


def _counter(group: str, *, rate: str, value: str) -> str:
    """Return django-ratelimit's key of the counter. Where its window ends this very moment, of the one that ended."""
    window = _get_window(value, _split_rate(rate)[1])
    counter: str = _make_cache_key(group, window, rate, value, ALL)
    return counter
