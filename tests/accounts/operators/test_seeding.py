import io
import os
import subprocess
import sys

import pytest
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.models import User
from accounts.operators.seeding import seed_admin, seed_first_admin
from tests.conftest import PASSWORD

pytestmark = pytest.mark.database

SIGN_IN = "/accounts/login/"


def command(name, *arguments) -> str:
    out = io.StringIO()
    call_command(name, *arguments, stdout=out)
    return out.getvalue()


def shown_password(output: str) -> str:
    return output.split("shown only once): ")[1].strip()


def test_the_first_admin_signs_in_with_the_printed_password(client, db):
    password = shown_password(command("seed_admin"))
    response = client.post(SIGN_IN, {"login": "admin@example.com", "password": password})
    assert response.url == "/lists/"
    assert client.get("/admin/").status_code == 200
    address = User.objects.get().emailaddress_set.get()
    assert (address.email, address.verified, address.primary) == ("admin@example.com", True, True)


def test_a_given_password_is_used_and_not_printed(db, monkeypatch):
    monkeypatch.setenv("ADMIN_PASSWORD", PASSWORD)
    monkeypatch.setenv("ADMIN_EMAIL", "Root@Example.com")
    output = command("seed_admin")
    assert PASSWORD not in output
    assert User.objects.get(email="root@example.com").check_password(PASSWORD)


def test_the_password_comes_from_a_file(db, monkeypatch, tmp_path):
    file = tmp_path / "password"
    file.write_text(f"{PASSWORD}\n")
    monkeypatch.setenv("ADMIN_PASSWORD_FILE", str(file))
    command("seed_admin")
    assert User.objects.get().check_password(PASSWORD)


def test_an_unreadable_file_is_refused_in_one_line(db, monkeypatch):
    monkeypatch.setenv("ADMIN_PASSWORD_FILE", "/nowhere/password")
    with pytest.raises(CommandError, match="cannot be read") as refusal:
        command("seed_admin")
    assert refusal.value.returncode == 2


def test_the_password_comes_from_standard_input(db, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))
    command("seed_admin", "--password", "-", "--email", "a@example.com")
    assert User.objects.get(email="a@example.com").check_password(PASSWORD)


@pytest.mark.parametrize("password", ["short", "password1", "admin@example.com"])
def test_weak_passwords_are_refused_in_one_line(db, password):
    with pytest.raises(CommandError) as refusal:
        command("seed_admin", "--password", password)
    assert refusal.value.returncode == 2
    assert "\n" not in str(refusal.value)
    assert not User.objects.exists()


@pytest.mark.parametrize("email", ["", "admin", "a b@example.com"])
def test_a_bad_address_is_refused(db, email):
    with pytest.raises(CommandError, match="not an email address"):
        command("seed_admin", "--email", email)


def test_an_existing_superuser_is_left_alone(staff, monkeypatch):
    monkeypatch.setenv("ADMIN_PASSWORD", "another good password")
    assert "nothing changed" in command("seed_admin", "--email", "STEN@example.com")
    staff.refresh_from_db()
    assert staff.check_password(PASSWORD)


def test_an_existing_superuser_gets_a_new_password_when_asked(staff):
    password = shown_password(command("seed_admin", "--email", staff.email, "--reset-password"))
    staff.refresh_from_db()
    assert staff.check_password(password)


def test_an_existing_person_is_promoted_and_keeps_the_password(alice):
    assert "keeps their password" in command("seed_admin", "--email", alice.email)
    alice.refresh_from_db()
    assert alice.is_superuser
    assert alice.is_staff
    assert alice.check_password(PASSWORD)


def test_a_banned_person_is_not_promoted(alice):
    alice.ban()
    with pytest.raises(CommandError, match="banned"):
        seed_admin(email=alice.email, password=None)


def test_seeding_at_the_first_start_only(db, monkeypatch):
    first = seed_first_admin()
    assert first
    assert first.created
    assert first.password
    monkeypatch.setenv("ADMIN_EMAIL", "second@example.com")
    assert seed_first_admin() is None
    assert User.objects.count() == 1


@pytest.mark.slow
def test_six_processes_make_one_admin(tmp_path):
    environment = os.environ | {"DATA_DIR": str(tmp_path), "ADMIN_EMAIL": "twice@example.com"}

    def start(*arguments):
        return subprocess.Popen(
            [sys.executable, "manage.py", *arguments],
            cwd=django_settings.BASE_DIR,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    migrate = start("migrate", "--verbosity", "0")
    migrate.communicate(timeout=60)
    assert migrate.returncode == 0
    processes = [start("seed_admin") for _ in range(6)]
    outputs = [process.communicate(timeout=60) for process in processes]
    assert [process.returncode for process in processes] == [0] * 6, outputs
    assert sum("is now a superuser" in output for output, _ in outputs) == 1
    assert sum("nothing changed" in output for output, _ in outputs) == 5


def test_a_reset_link_lets_a_locked_out_person_in(alice):
    link = command("reset_link", " Alice@Example.com ").strip()
    assert link.startswith("http://localhost:8000/accounts/password/reset/key/")
    client = Client()
    form = client.get(link.removeprefix("http://localhost:8000"), follow=True)
    new = {"password1": "barnacles everywhere", "password2": "barnacles everywhere"}
    client.post(form.request["PATH_INFO"], new)
    alice.refresh_from_db()
    assert alice.check_password("barnacles everywhere")


def test_a_reset_link_says_why_there_is_none(alice, bob):
    alice.ban()
    User.objects.filter(pk=bob.pk).update(is_active=False)
    for email, reason in [(alice.email, "banned"), (bob.email, "deactivated"), ("x@example.com", "Nobody")]:
        with pytest.raises(CommandError, match=reason) as refusal:
            command("reset_link", email)
        assert refusal.value.returncode == 2
