"""Second factors: whether someone has one, codes that work once, and removing all when the phone is lost."""

from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from allauth.mfa.utils import decrypt
from django.db import transaction

from accounts import audit, mail
from accounts.models import AuditKind, User

LAST = "last_counter"  # in the data of a TOTP factor: the half minute of the newest code that was used


def has_factor(person: User) -> bool:
    return bool(Authenticator.objects.filter(user=person).exclude(type=Authenticator.Type.RECOVERY_CODES).exists())


def spend(person: User, code: str) -> Authenticator | None:
    """Use up a code of the app or a recovery code; None if it is wrong or was used before.

    The row is locked, so of two who bring the same code at once one is late. allauth notes used codes in the cache,
    for less time than they are accepted.
    """
    with transaction.atomic():
        rows = Authenticator.objects.select_for_update().filter(user=person).order_by("pk")
        for row in rows.exclude(type=Authenticator.Type.WEBAUTHN):
            fits = _spend_totp(row, code) if row.type == Authenticator.Type.TOTP else row.wrap().validate_code(code)
            if fits:
                found: Authenticator = row
                return found
    return None


def reset(person: User) -> int:
    """Remove all second factors and end all sessions, as the lost phone may have one; return how many factors."""
    with transaction.atomic():
        factors = list(Authenticator.objects.select_for_update().filter(user=person))
        if factors:
            Authenticator.objects.filter(pk__in=[factor.pk for factor in factors]).delete()
            person.end_sessions()
            person.save(update_fields=["session_version"])
            kinds = ", ".join(sorted({str(factor.get_type_display()) for factor in factors}))
            audit.record(AuditKind.FACTOR_REMOVED, person=person, detail=f"reset_mfa: {kinds}")
            mail.send_mail("mfa/email/factors_reset", to=person, context={})
    return len(factors)


def _spend_totp(row: Authenticator, code: str) -> bool:
    secret = decrypt(row.data["secret"])
    for counter in yield_hotp_counters_from_time():
        unused = counter > row.data.get(LAST, -1)
        if unused and compare_user_code(actual=code, expected=format_hotp_value(hotp_value(secret, counter))):
            row.data[LAST] = counter
            row.save(update_fields=["data"])
            return True
    return False
