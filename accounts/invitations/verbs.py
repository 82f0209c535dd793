"""Inviting people: by mail to one address, or by a link that is shown once to whoever makes it.

Whoever invites vouches for who comes. So the address of a new person counts as verified at once: a mailed invitation
was opened where it was sent, and with a link the inviter answers for whom they gave it to. That lets a Holdfast
without a mail server take people in. It ends where the inviter may not sign in any more, and with a link somebody can
take any address that has no account here yet; an address that has one is never taken over.

What an invitation grants belongs to the apps that joined accounts.extensions; it carries that as {name: data}.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit, extensions, links, mail
from accounts.extensions import Data, Granted
from accounts.invitations import onboarding
from accounts.models import AuditKind, Invitation, InvitationUse, User
from project.lib.locking import lock

LASTS = timedelta(days=7)
KEEP = timedelta(days=90)
"""How long an invitation can still be looked up after it has ended."""


@dataclass(frozen=True)
class Accepted:
    person: User
    url: str = ""  # where to land; empty where nothing was granted
    missing: bool = False  # whether something that was promised could not be granted


class Over(Exception):  # noqa: N818 - an answer, not a fault
    """This invitation is used up, expired or revoked."""


def describe(invitations: Iterable[Invitation]) -> list[Invitation]:
    """Note what each grants in its `grants`, in as many queries as there are parts."""
    rows = list(invitations)
    for row in rows:
        row.grants = []
    for extension in extensions.joined():
        granting = [row for row in rows if extension.name in row.grant]
        for row, words in zip(
            granting, extension.describe([row.grant[extension.name] for row in granting]), strict=True
        ):
            row.grants.append(words)
    return rows


def invite(email: str, *, by: User, lasts: timedelta = LASTS, grant: Data | None = None) -> Invitation:
    """Mail an invitation that works for this address alone."""
    with transaction.atomic():
        invitation, token = _make(by=by, lasts=lasts, grant=grant, email=User.objects.normalize_email(email))
        _mail(invitation, token)
    return invitation


def make_link(*, by: User, uses: int = 1, lasts: timedelta = LASTS, grant: Data | None = None) -> Invitation:
    """Return an invitation with its `link`, which nobody can be shown again."""
    with transaction.atomic():
        invitation, token = _make(by=by, lasts=lasts, grant=grant, max_uses=uses)
    invitation.link = _link(token)
    return invitation


def renew(invitation: Invitation, *, by: User) -> bool:
    """Mail a new link, or put it into `link`; the old one stops working. It lasts a week more at least.

    Return False, and change nothing, where the invitation was used up or revoked.
    """
    with transaction.atomic():
        lock(invitation)
        if not invitation.may_be_renewed:
            return False
        token = invitation.change_token()
        invitation.expires_at = max(invitation.expires_at, timezone.now() + LASTS)
        invitation.save(update_fields=["digest", "expires_at"])
        audit.record(AuditKind.INVITED, person=None, actor=by, detail=_("%s, with a new link") % invitation)
        if invitation.email:
            _mail(invitation, token)
    if not invitation.email:
        invitation.link = _link(token)
    return True


def revoke(invitation: Invitation, *, by: User) -> bool:
    """Make the invitation stop working; return False if it already has."""
    with transaction.atomic():
        lock(invitation)
        if not invitation.may_be_revoked:
            return False
        invitation.revoked_at, invitation.revoked_by = timezone.now(), by
        invitation.save(update_fields=["revoked_at", "revoked_by"])
        audit.record(AuditKind.INVITATION_REVOKED, person=None, actor=by, detail=str(invitation))
    return True


def accept_as_new(invitation: Invitation, *, name: str, email: str, password: str) -> Accepted | None:
    """Make an account and give it what the invitation grants; raise Over where there is no use left.

    The invitation's own address counts before `email`. Where it has an account already, its owner is told by mail,
    no use is counted, and None is returned, after the same time.
    """
    hashed = make_password(password)  # outside the transaction, in which SQLite would let nobody else write
    with transaction.atomic():
        _lock_open(invitation)
        email = invitation.email or User.objects.normalize_email(email)
        person = _create(User(name=name, email=email, password=hashed))
        if person is None:
            mail.send_mail("accounts/invitations/mail/invited_already", to=email, context={"by": invitation.made_by})
            return None
        accepted = _count(invitation, person, *_grant(invitation, person))
        onboarding.begin(person, send_link=False, by=invitation.made_by)
    return accepted


def accept_as_member(invitation: Invitation, *, person: User) -> Accepted:
    """Give a member what the invitation grants, once; no use is counted where that changes nothing. May raise Over."""
    with transaction.atomic():
        _lock_open(invitation)
        if invitation.uses.filter(person=person).exists():
            return Accepted(person)
        granted, missing = _grant(invitation, person)
        if any(one.changed for one in granted):
            return _count(invitation, person, granted, missing)
    return Accepted(person, url=granted[0].url if granted else "", missing=missing)


def is_for(invitation: Invitation, person: User) -> bool:
    """May this member accept it? One that is bound to an address is for the member who has verified that address."""
    if not invitation.email:
        return True
    return bool(EmailAddress.objects.filter(user=person, email=invitation.email, verified=True).exists())


def has_account(email: str) -> bool:
    return User.objects.filter(email=email).exists() or bool(EmailAddress.objects.filter(email=email).exists())


def prune(before: datetime, *, limit: int) -> int:
    """Delete up to `limit` invitations that had ended by then; return how many."""
    pks = list(Invitation.objects.over_since(before).order_by("pk").values_list("pk", flat=True)[:limit])
    Invitation.objects.filter(pk__in=pks).delete()
    return len(pks)


def _make(*, by: User, lasts: timedelta, grant: Data | None, **fields: Any) -> tuple[Invitation, str]:
    now = timezone.now()
    invitation = Invitation(made_by=by, made_at=now, expires_at=now + lasts, grant=grant or {}, **fields)
    invitation.uses_left = invitation.max_uses
    token = invitation.change_token()
    invitation.save()
    audit.record(AuditKind.INVITED, person=None, actor=by, detail=str(invitation))
    return invitation, token


def _lock_open(invitation: Invitation) -> None:
    digest = invitation.digest
    lock(invitation)
    if not invitation.is_open or invitation.digest != digest:  # a new link may have been made meanwhile
        raise Over


def _create(person: User) -> User | None:
    """Save a new person with a verified address; None if someone has it, even since a moment ago."""
    if has_account(person.email):
        return None
    try:
        with transaction.atomic():
            person.save()
            person.settle_address()
    except IntegrityError:
        return None
    return person


def _grant(invitation: Invitation, person: User) -> tuple[list[Granted], bool]:
    """Return what was granted, and whether something is missing."""
    given = [
        extension.grant(data, person=person, by=invitation.made_by) if (extension := extensions.find(name)) else None
        for name, data in sorted(invitation.grant.items())
    ]
    granted = [one for one in given if one]
    return granted, len(granted) < len(given)


def _count(invitation: Invitation, person: User, granted: list[Granted], missing: bool) -> Accepted:
    InvitationUse.objects.create(invitation=invitation, person=person)
    invitation.uses_left -= 1
    invitation.save(update_fields=["uses_left"])
    audit.record(AuditKind.INVITATION_ACCEPTED, person=person, actor=person, detail=str(invitation))
    return Accepted(person, url=granted[0].url if granted else "", missing=missing)


def _mail(invitation: Invitation, token: str) -> None:
    [described] = describe([invitation])
    context = {
        "by": invitation.made_by,
        "grants": described.grants,
        "expires_at": invitation.expires_at,
        "url": _link(token),
    }
    mail.send_mail("accounts/invitations/mail/invitation", to=invitation.email, context=context)


def _link(token: str) -> str:
    return links.public_url(reverse("account_invitation", args=[token]))
