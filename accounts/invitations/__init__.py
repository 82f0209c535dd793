"""Coming to Holdfast: invitations by mail or by a link, and what greets a new person."""

from accounts.invitations.verbs import (
    KEEP,
    LASTS,
    Accepted,
    Over,
    accept_as_member,
    accept_as_new,
    describe,
    has_account,
    invite,
    is_for,
    make_link,
    prune,
    renew,
    revoke,
)

__all__ = [
    "KEEP",
    "LASTS",
    "Accepted",
    "Over",
    "accept_as_member",
    "accept_as_new",
    "describe",
    "has_account",
    "invite",
    "is_for",
    "make_link",
    "prune",
    "renew",
    "revoke",
]
