import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.test import Client

from project.mail import FolderBackend, StoredMail

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(settings, tmp_path):
    settings.MAIL_DIR = tmp_path / "mail"
    message = EmailMessage("A subject", "Dear Alice, grüße", "holdfast@example.com", ["alice@example.com"])
    FolderBackend(folder=str(settings.MAIL_DIR), alias="default").send_messages([message])
    return settings.MAIL_DIR


def test_a_mail_becomes_one_private_file(folder):
    (stored,) = StoredMail.newest(folder)
    assert (stored.subject, stored.to, stored.text.strip()) == ("A subject", "alice@example.com", "Dear Alice, grüße")
    assert (folder / stored.name).stat().st_mode & 0o777 == 0o600
    assert mail.outbox == []


def test_superusers_read_the_folder(folder, staff, sign_in):
    client = sign_in(staff)
    assert b"A subject" in client.get("/admin/mail/").content
    (stored,) = StoredMail.newest(folder)
    assert "Dear Alice, grüße" in client.get(f"/admin/mail/{stored.name}/").content.decode()


@pytest.mark.parametrize("name", ["..%2f..%2fsecret_key", "nothing.eml", "secret_key", "%00.eml"])
def test_no_other_file_is_read(folder, staff, sign_in, name):
    assert sign_in(staff).get(f"/admin/mail/{name}/").status_code == 404


def test_staff_who_are_not_superusers_and_visitors_do_not(folder, make_user, sign_in):
    operator = make_user("Otto", is_staff=True)
    assert sign_in(operator).get("/admin/mail/").status_code == 403
    assert Client().get("/admin/mail/").status_code == 302
