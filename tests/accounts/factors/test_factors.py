"""Second factors: added, shown, kept unreadable, removed, and asked of staff."""

import json
import re

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from allauth.mfa.utils import decrypt
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from accounts import factors
from accounts.factors.adapter import FactorAdapter
from accounts.models import AuditEvent, AuditKind
from tests.accounts.factors.codes import FACTORS, LOGIN, SECRET, code, is_in, kinds, with_password
from tests.at_once import at_once

pytestmark = pytest.mark.usefixtures("still_clock")


@pytest.mark.django_db(transaction=True)
def test_enrolment_of_an_app(sign_in, alice, delivered):
    client = sign_in(alice)
    page = client.get(f"{FACTORS}totp/activate/")
    assert re.search(r"<svg[^>]*>.*</svg>", page.text, re.DOTALL)
    assert "style=" not in page.text
    secret = page.context["form"].secret
    assert client.get(f"{FACTORS}totp/activate/").context["form"].secret == secret
    assert client.post(f"{FACTORS}totp/activate/", {"code": "1"}).status_code == 200
    assert secret not in str(dict(client.session))
    response = client.post(f"{FACTORS}totp/activate/", {"code": code(secret=secret)})
    assert response.url == f"{FACTORS}recovery-codes/"
    [app] = Authenticator.objects.filter(type="totp")
    assert secret not in json.dumps(app.data)
    assert decrypt(app.data["secret"]) == secret
    assert factors.spend(alice, code(secret=secret)) is None  # the one that was typed has been used
    assert client.get(f"{FACTORS}totp/activate/").status_code == 302
    assert kinds() == [AuditKind.FACTOR_ADDED, AuditKind.RECOVERY_CODES_MADE]
    assert [mail.subject for mail in delivered()] == ["An authenticator app was added"]


def test_recovery_codes_are_shown_once(sign_in, alice, recovery):
    client = sign_in(alice)
    shown = client.get(f"{FACTORS}recovery-codes/")
    assert all(one in shown.text for one in recovery)
    again = client.get(f"{FACTORS}recovery-codes/")
    assert not any(one in again.text for one in recovery)
    assert client.post(f"{FACTORS}recovery-codes/new/").url == f"{FACTORS}recovery-codes/"
    assert factors.spend(alice, recovery[0]) is None
    assert client.get(f"{FACTORS}recovery-codes/download/").status_code == 404


def test_nothing_readable_lies_in_the_database(alice, recovery):
    with connection.cursor() as cursor:
        cursor.execute("SELECT data FROM mfa_authenticator")
        stored = str(cursor.fetchall())
    assert SECRET not in stored
    assert not any(one in stored for one in recovery)
    assert stored.count("gAAAA") == 2  # two Fernet tokens


def test_secrets_outlive_a_change_of_the_key(alice, app, settings):
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another " * 8, [settings.SECRET_KEY]
    assert factors.spend(alice, code())
    settings.SECRET_KEY_FALLBACKS = []
    assert factors.spend(alice, code(1)) is None  # and no error


def test_an_unreadable_secret_fits_no_code(settings):
    lost = FactorAdapter().decrypt("nonsense")
    assert lost != FactorAdapter().decrypt("nonsense")
    assert len(lost) == 32


def test_removing_the_app_removes_the_codes(sign_in, alice, recovery, delivered):
    client = sign_in(alice)
    assert client.get(f"{FACTORS}totp/deactivate/").status_code == 200
    assert client.post(f"{FACTORS}totp/deactivate/").url == FACTORS
    assert not Authenticator.objects.exists()
    assert set(kinds()) == {AuditKind.FACTOR_REMOVED}
    assert [mail.subject for mail in delivered()] == ["The authenticator app was removed"]
    assert is_in(with_password(alice))


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_add_one_app(sign_in, alice):
    client = sign_in(alice)
    secret = client.get(f"{FACTORS}totp/activate/").context["form"].secret

    def click() -> int:
        other = Client()
        other.cookies["sessionid"] = client.cookies["sessionid"].value
        return other.post(f"{FACTORS}totp/activate/", {"code": code(secret=secret)}).status_code

    assert set(at_once(click, click, click)) <= {200, 302}  # 200: the secret of the session was in use already
    assert Authenticator.objects.filter(type="totp").count() == 1
    assert Authenticator.objects.filter(type="recovery_codes").count() == 1


PAGES = [
    *("", "totp/activate/", "totp/deactivate/", "recovery-codes/", "recovery-codes/new/"),
    *("passkeys/add/", "passkeys/1/rename/", "passkeys/1/remove/"),
]


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("method", ["get", "post"])
def test_every_page_asks_for_a_fresh_session(sign_in, alice, path, method):
    client = sign_in(alice)
    session = client.session
    session["fresh_at"] -= 301
    session.save()
    assert getattr(client, method)(f"{FACTORS}{path}").url.startswith("/accounts/reauthenticate/?next=")
    assert Client().get(f"{FACTORS}{path}").url == f"{LOGIN}?next={FACTORS}{path}"


@pytest.mark.parametrize("path", ["", "totp/activate/", "passkeys/add/"])
def test_pages_are_shown(sign_in, alice, path):
    assert sign_in(alice).get(f"{FACTORS}{path}").status_code == 200


def test_staff_without_a_factor_are_led_to_one(sign_in, staff, alice, settings):
    client = sign_in(staff)
    assert client.get("/admin/").status_code == 200
    settings.REQUIRE_STAFF_MFA = True
    for path in ("/admin/", "/admin/accounts/user/", "/admin/mail/", "/metrics"):
        assert client.get(path).url == FACTORS
        assert client.post(path).url == FACTORS
    assert "Staff need a second factor" in client.get(FACTORS).text
    TOTP.activate(staff, SECRET)
    assert client.get("/admin/").status_code == 200
    assert "Staff need a second factor" not in sign_in(alice).get(FACTORS).text


def test_recovery_codes_alone_are_no_factor(staff):
    RecoveryCodes.activate(staff)
    assert not factors.has_factor(staff)


def test_the_admin_shows_no_secret(sign_in, staff, app, recovery):
    client = sign_in(staff)
    assert client.get("/admin/mfa/authenticator/?q=alice").status_code == 200
    for row in Authenticator.objects.all():
        text = client.get(f"/admin/mfa/authenticator/{row.pk}/change/").text
        assert "gAAAA" not in text
        assert SECRET not in text
        assert "<textarea" not in text
        assert client.post(f"/admin/mfa/authenticator/{row.pk}/change/", {"data": "{}"}).status_code == 403
        assert client.post(f"/admin/mfa/authenticator/{row.pk}/delete/", {"post": "yes"}).status_code == 403


def test_a_person_with_factors_can_be_deleted_in_the_admin(sign_in, staff, alice, app):
    assert sign_in(staff).post(f"/admin/accounts/user/{alice.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not Authenticator.objects.exists()


def test_reset_mfa_lets_a_person_in_who_lost_the_phone(sign_in, alice, recovery, capsys, delivered):
    thief = sign_in(alice)
    call_command("reset_mfa", " Alice@Example.com ")
    assert capsys.readouterr().out.startswith("Removed the second factors of alice@example.com (2 in all)")
    assert not is_in(thief)
    assert is_in(with_password(alice))
    [event] = AuditEvent.objects.filter(kind=AuditKind.FACTOR_REMOVED)
    assert event.person == alice
    assert [mail.subject for mail in delivered()] == ["Your second factors were removed"]
    call_command("reset_mfa", alice.email)
    assert "nothing changed" in capsys.readouterr().out
    with pytest.raises(CommandError, match="Nobody signs in"):
        call_command("reset_mfa", "nobody@example.com")
