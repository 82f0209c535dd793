import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.test import Client

from project.lib.mail_folder import FolderBackend, StoredMail

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(settings, tmp_path):
    settings.MAIL_DIR = tmp_path / "mail"
    message = EmailMessage("A subject", "Dear Alice, grüße", "holdfast@example.com", ["alice@example.com"])
    FolderBackend(folder=str(settings.MAIL_DIR), alias="default").send_messages([message])
    return settings.MAIL_DIR


def newest(folder) -> StoredMail:
    stored = StoredMail.read(folder, name=StoredMail.names(folder)[0])
    assert stored
    return stored


def write(folder, count: int) -> None:
    message = EmailMessage("Another", "Text", "holdfast@example.com", ["bob@example.com"])
    FolderBackend(folder=str(folder), alias="default").send_messages([message] * count)


def test_a_mail_becomes_one_private_file(folder):
    stored = newest(folder)
    assert (stored.subject, stored.to, stored.text.strip()) == ("A subject", "alice@example.com", "Dear Alice, grüße")
    assert (folder / stored.name).stat().st_mode & 0o777 == 0o600
    assert mail.outbox == []


def test_superusers_read_the_folder(folder, staff, sign_in):
    client = sign_in(staff)
    assert b"A subject" in client.get("/admin/mail/").content
    stored = newest(folder)
    assert "Dear Alice, grüße" in client.get(f"/admin/mail/{stored.name}/").content.decode()


@pytest.mark.parametrize(
    "name", ["..%2f..%2fsecret_key", "nothing.eml", "secret_key", "%00.eml", "..%2fsecret.eml", ".draft.eml"]
)
def test_no_other_file_is_read(folder, staff, sign_in, name):
    (folder.parent / "secret.eml").write_text("Subject: x")
    (folder / ".draft.eml").write_text("Subject: x")
    assert sign_in(staff).get(f"/admin/mail/{name}/").status_code == 404


def test_only_the_mails_of_the_page_are_read(folder, staff, sign_in, monkeypatch):
    write(folder, 119)
    read: list[str] = []
    original = StoredMail.read

    def counted(folder, *, name):
        read.append(name)
        return original(folder, name=name)

    monkeypatch.setattr(StoredMail, "read", counted)
    client = sign_in(staff)
    client.get("/admin/mail/")
    assert read == StoredMail.names(folder)[:50]
    read.clear()
    assert "A subject" in client.get("/admin/mail/?page=3").text
    assert read == StoredMail.names(folder)[100:]


def test_the_newest_mails_are_kept(folder, monkeypatch):
    monkeypatch.setattr("project.lib.mail_folder._KEPT", 3)
    first = newest(folder).name
    write(folder, 2)
    assert first in StoredMail.names(folder)
    write(folder, 1)
    assert len(StoredMail.names(folder)) == 3
    assert first not in StoredMail.names(folder)


def test_staff_who_are_not_superusers_and_visitors_do_not(folder, make_user, sign_in):
    operator = make_user("Otto", is_staff=True)
    assert sign_in(operator).get("/admin/mail/").status_code == 403
    assert Client().get("/admin/mail/").status_code == 302
