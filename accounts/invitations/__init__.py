"""Joining Holdfast: invitations by mail or link, and a new person's first days."""

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
