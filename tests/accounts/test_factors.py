import json
import re
import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from allauth.mfa.utils import decrypt
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from accounts import factors
from accounts.factor_adapter import FactorAdapter, passkeys_work_at
from accounts.models import AuditEvent, AuditKind
from tests.at_once import at_once
from tests.conftest import PASSWORD
from tests.passkeys import make_passkey

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
FACTORS = "/accounts/factors/"
LOGIN = "/accounts/login/"
AUTHENTICATE = f"{FACTORS}authenticate/"
WEEK = 7 * 24 * 3600


def code(steps: int = 0, secret: str = SECRET) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + steps))


@pytest.fixture(autouse=True)
def still_clock(monkeypatch):
    """No code turns old within a test."""
    now = time.time() // 30 * 30 + 10
    monkeypatch.setattr("time.time", lambda: now)


@pytest.fixture
def app(alice) -> Authenticator:
    """Alice's authenticator app."""
    return TOTP.activate(alice, SECRET).instance


@pytest.fixture
def recovery(alice, app) -> list[str]:
    return RecoveryCodes.activate(alice).get_unused_codes()


def with_password(person, **fields) -> Client:
    client = Client()
    client.post(LOGIN, {"login": person.email, "password": PASSWORD, **fields})
    return client


def is_in(client) -> bool:
    return client.get("/lists/").status_code == 200


def kinds() -> list[str]:
    return list(AuditEvent.objects.exclude(kind=AuditKind.SIGNED_IN).order_by("pk").values_list("kind", flat=True))


def test_the_password_alone_is_not_enough(alice, app):
    client = with_password(alice, next="/trash/")
    assert not is_in(client)
    assert client.get(AUTHENTICATE).status_code == 200
    assert client.post(AUTHENTICATE, {"code": "000000"}).status_code == 200
    assert not is_in(client)
    assert client.post(AUTHENTICATE, {"code": code()}).url == "/trash/"
    assert is_in(client)


def test_a_ban_before_the_code_keeps_out_and_is_told(alice, app):
    client = with_password(alice)
    alice.ban(reason="Spam")
    response = client.post(AUTHENTICATE, {"code": code()}, follow=True)
    assert "Spam" in response.content.decode()
    assert not is_in(client)
    assert AuditKind.SIGNED_IN not in AuditEvent.objects.values_list("kind", flat=True)


def test_a_ban_that_began_and_ended_before_the_code_keeps_out(alice, app):
    client = with_password(alice)
    alice.ban()
    alice.unban()
    assert client.post(AUTHENTICATE, {"code": code()}).url == LOGIN
    assert not is_in(client)


def test_another_password_before_the_code_keeps_out(alice, app):
    client = with_password(alice)
    alice.set_password("other words 1")
    alice.save()
    response = client.post(AUTHENTICATE, {"code": code()}, follow=True)
    assert "Sign in again." in response.content.decode()
    assert not is_in(client)


def test_five_wrong_codes_are_let_through_and_right_ones_do_not_count(alice, recovery):
    assert with_password(alice).post(AUTHENTICATE, {"code": recovery[0]}).status_code == 302
    client = with_password(alice)
    assert [client.post(AUTHENTICATE, {"code": "000000"}).status_code for _ in range(6)] == [*[200] * 5, 429]


def test_without_the_password_there_is_no_second_step(client, alice, app):
    assert client.get(AUTHENTICATE).url == LOGIN
    assert client.post(AUTHENTICATE, {"code": code()}).url == LOGIN


def test_the_second_step_changes_the_key_of_the_session(alice, app):
    client = with_password(alice)
    before = client.cookies["sessionid"].value
    client.post(AUTHENTICATE, {"code": code()})
    assert client.cookies["sessionid"].value != before


@pytest.mark.parametrize("steps", [-1, 0, 1])
def test_a_code_of_the_app_works_once(alice, app, steps):
    one, two = with_password(alice), with_password(alice)
    one.post(AUTHENTICATE, {"code": code(steps)})
    two.post(AUTHENTICATE, {"code": code(steps)})
    assert (is_in(one), is_in(two)) == (True, False)
    assert one.post("/accounts/factors/reauthenticate/", {"code": code(steps)}).status_code == 200


@pytest.mark.parametrize("steps", [-2, 2])
def test_codes_of_other_times_do_not_work(alice, app, steps):
    assert factors.spend(alice, code(steps)) is None


def test_a_code_older_than_the_last_used_does_not_work(alice, app):
    assert factors.spend(alice, code(0))
    assert factors.spend(alice, code(-1)) is None
    assert factors.spend(alice, code(1))


def test_a_recovery_code_works_once(alice, recovery):
    one, two = with_password(alice), with_password(alice)
    one.post(AUTHENTICATE, {"code": recovery[3]})
    two.post(AUTHENTICATE, {"code": recovery[3]})
    assert (is_in(one), is_in(two)) == (True, False)
    two.post(AUTHENTICATE, {"code": recovery[4]})
    assert is_in(two)


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_code_lets_one_in(alice, recovery):
    for given in (code(), recovery[0]):
        found = at_once(*[lambda given=given: factors.spend(alice, given) for _ in range(4)])
        assert sum(isinstance(one, Authenticator) for one in found) == 1
        assert found.count(None) == 3


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


@pytest.mark.parametrize(("box", "lasts"), [({"remember": "on"}, WEEK), ({}, "")])
def test_the_box_counts_with_a_second_factor_too(alice, app, box, lasts):
    client = with_password(alice, **box)
    client.post(AUTHENTICATE, {"code": code()})
    assert is_in(client)
    assert client.cookies["sessionid"]["max-age"] == lasts
    assert client.session.get_expire_at_browser_close() is not bool(box)


def test_a_way_of_signing_in_without_a_box_ends_with_the_browser(sign_in, alice):
    assert sign_in(alice).session.get_expire_at_browser_close()


def test_a_code_confirms_who_it_is(sign_in, alice, app):
    client = sign_in(alice)
    before = client.cookies["sessionid"].value
    assert client.get(f"{FACTORS}reauthenticate/?next=/trash/").status_code == 200
    assert client.post(f"{FACTORS}reauthenticate/", {"code": code(), "next": "/trash/"}).url == "/trash/"
    assert client.cookies["sessionid"].value != before
    assert kinds() == [AuditKind.REAUTHENTICATED]


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


@pytest.fixture
def passkey(bob) -> Authenticator:
    return make_passkey(bob, name="Bob's key")


@pytest.mark.parametrize("verb", ["rename", "remove"])
def test_passkeys_of_others_are_not_there(sign_in, alice, bob, passkey, verb):
    url = f"{FACTORS}passkeys/{passkey.pk}/{verb}/"
    client = sign_in(alice)
    assert client.get(url).status_code == client.post(url, {"name": "x"}).status_code == 404
    assert sign_in(bob).get(url).status_code == 200


def test_a_passkey_is_renamed_and_removed(sign_in, bob, passkey):
    client = sign_in(bob)
    assert client.post(f"{FACTORS}passkeys/{passkey.pk}/rename/", {"name": "x" * 101}).status_code == 200
    assert client.post(f"{FACTORS}passkeys/{passkey.pk}/rename/", {"name": "Phone"}).url == FACTORS
    assert "Phone" in client.get(FACTORS).text
    assert client.post(f"{FACTORS}passkeys/{passkey.pk}/remove/").url == FACTORS
    assert not Authenticator.objects.exists()


SIGNED = {
    "id": "AA",
    "rawId": "AA",
    "type": "public-key",
    "response": {"clientDataJSON": "e30", "authenticatorData": "AA", "signature": "AA", "userHandle": "MQ"},
}
ODD = [
    *("", "x", "5", "[]", "{}", "null", '"x"', "[" * 5000, "1" * 5000, '{"id": 1}', '{"id": "\\u0000"}'),
    '{"id": "AA", "rawId": "AA", "response": {"userHandle": "MQ"}, "type": "public-key"}',
    '{"id": "AA", "rawId": "AA", "type": "public-key", "response": {"clientDataJSON": "A", "attestationObject": "A"}}',
    json.dumps(SIGNED),
]


@pytest.mark.slow
@pytest.mark.parametrize("credential", ODD)
def test_odd_passkeys_are_refused(sign_in, alice, app, credential):
    make_passkey(alice)
    client, visitor, halfway = sign_in(alice), Client(), with_password(alice)
    client.get(f"{FACTORS}passkeys/add/")
    assert client.post(f"{FACTORS}passkeys/add/", {"credential": credential, "name": "x"}).status_code == 200
    visitor.get(f"{FACTORS}passkeys/login/", headers={"accept": "application/json"})
    assert visitor.post(f"{FACTORS}passkeys/login/", {"credential": credential}).url == LOGIN
    halfway.get(AUTHENTICATE)
    assert halfway.post(AUTHENTICATE, {"credential": credential}).status_code == 200
    assert not is_in(halfway)


@pytest.mark.parametrize(
    ("public", "host", "works"),
    [
        ("http://localhost:8000", "localhost", True),
        ("http://localhost:8000", "127.0.0.1", False),
        ("http://127.0.0.1:8000", "127.0.0.1", False),
        ("https://[2001:db8::1]", "2001:db8::1", False),
        ("https://todo.example.com", "todo.example.com", True),
        ("http://todo.example.com", "todo.example.com", False),
        ("https://todo.example.com", "localhost", False),
    ],
)
def test_where_passkeys_work(settings, public, host, works):
    settings.PUBLIC_URL = public
    assert passkeys_work_at(host) is works


def test_the_page_says_where_passkeys_do_not_work(sign_in, alice, settings):
    settings.ALLOWED_HOSTS = ["127.0.0.1"]
    for path in ("", "passkeys/add/"):
        text = sign_in(alice).get(f"{FACTORS}{path}", headers={"host": "127.0.0.1:8000"}).text
        assert "not at an IP address like 127.0.0.1" in text
    settings.PUBLIC_URL = "https://todo.example.com"
    assert FactorAdapter().get_public_key_credential_rp_entity()["id"] == "todo.example.com"


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
    assert capsys.readouterr().out.startswith("alice@example.com has no second factor any more (2 removed)")
    assert not is_in(thief)
    assert is_in(with_password(alice))
    [event] = AuditEvent.objects.filter(kind=AuditKind.FACTOR_REMOVED)
    assert event.person == alice
    assert [mail.subject for mail in delivered()] == ["Your second factors were removed"]
    call_command("reset_mfa", alice.email)
    assert "nothing changed" in capsys.readouterr().out
    with pytest.raises(CommandError, match="Nobody signs in"):
        call_command("reset_mfa", "nobody@example.com")


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
