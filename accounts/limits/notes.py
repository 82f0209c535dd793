"""Notes of who is currently limited, kept in the cache when a limit is first exceeded in its window.

The notes lie in a ring of SLOTS places, because a cache cannot be searched: while more are limited at once, the page
shows the last ones. A note holds no address that somebody typed.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from django.core.cache import cache
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts import addresses, audit, extensions
from accounts.models import AuditKind, User

SLOTS = 200
_OWN: dict[str, str | Promise] = {
    "sign_in": _("Signing in too quickly"),
    "sign_in_failure": _("Wrong passwords"),
    "reauthentication": _("Re-authentication"),
    "codes": _("Second-factor codes"),
    "passkey": _("Passkeys"),
    "password_reset": _("Requesting a password link"),
    "password_reset_key": _("Setting a password with a link"),
    "password_change": _("Changing the password"),
    "invitation": _("Accepting an invitation"),
    "invited_address": _("Accepting an invitation with this address"),
    "new_address": _("Changing the address"),
    "own_data": _("Exporting data or deleting the account"),
}
_NEXT = "limited:next"


@dataclass(frozen=True)
class Note:
    counter: str
    name: str
    person_id: int | None
    address: str  # the client's, with IPv6 the /64 that is counted; empty where it is not known
    until: datetime

    @property
    def label(self) -> str | Promise:
        return labels()[self.name]

    def words(self) -> str:
        return f"{self.label}, {self.address}" if self.address else str(self.label)


def labels() -> dict[str, str | Promise]:
    """Return the words for each limit, of all apps."""
    return _OWN | {name: label for extension in extensions.joined() for name, label in extension.limits.items()}


def note(counter: str, *, name: str, person: User | None, address: addresses.Address | None, seconds: int) -> None:
    """Note a limit that is exceeded, and record it in the audit, once for each window of its counter."""
    if not cache.add(_told(counter), 1, timeout=seconds):
        return
    until = timezone.now() + timedelta(seconds=seconds)
    made = Note(counter, name, person.pk if person else None, addresses.bucket(address) if address else "", until)
    cache.set(_slot(_next_number()), asdict(made), timeout=seconds)  # no class of ours is pickled into a shared cache
    audit.record(AuditKind.LIMITED, person=person, detail=made.words())


def current() -> list[Note]:
    """Return who is currently limited, the longest first."""
    return sorted((found for _key, found in _found()), key=lambda found: found.until, reverse=True)


def find(counter: str) -> Note | None:
    return next((found for found in current() if found.counter == counter), None)


def clear(found: Note) -> None:
    """Let the next try through as if there had been none, and record that in the audit."""
    slots = [key for key, other in _found() if other.counter == found.counter]
    cache.delete_many([found.counter, _told(found.counter), *slots])
    person = User.objects.filter(pk=found.person_id).first()
    audit.record(AuditKind.LIMIT_CLEARED, person=person, detail=found.words())


def _found() -> Iterator[tuple[str, Note]]:
    now = timezone.now()
    for key, fields in cache.get_many([_slot(number) for number in range(SLOTS)]).items():
        found = Note(**fields)
        if found.until > now:
            yield key, found


def _next_number() -> int:
    cache.add(_NEXT, 0, timeout=None)
    return cache.incr(_NEXT)


def _slot(number: int) -> str:
    return f"limited:note:{number % SLOTS}"


def _told(counter: str) -> str:
    return f"limited:told:{counter}"
