import json
import logging
from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail as django_mail
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.utils import timezone
from django_q.models import OrmQ

from accounts import mail, tasks
from accounts.models import User
from workflows.dispatch import JobTimeout

MESSAGE = {"to": "alice@example.com", "subject": "Hello", "text": "Text"}
LINK = {"password_url": "http://localhost:8000/x"}


class DownBackend(BaseEmailBackend):
    def send_messages(self, email_messages):  # noqa: ARG002 - Django's signature
        raise ConnectionRefusedError("nobody listens")


class DrippingBackend(BaseEmailBackend):
    def send_messages(self, email_messages):  # noqa: ARG002 - Django's signature
        raise JobTimeout("the server answers byte by byte, and the job's time is over")


@pytest.fixture(params=["DownBackend", "DrippingBackend"])
def mail_server_is_down(settings, request):
    settings.MAILERS = {"default": {"BACKEND": f"{__name__}.{request.param}"}}


def queued() -> list[dict]:
    return [row.task["kwargs"] for row in OrmQ.objects.order_by("pk")]


def test_a_mail_is_queued_as_plain_data(alice):
    assert mail.send_mail("account/email/welcome", to=alice, context=LINK)
    [job] = queued()
    assert json.loads(json.dumps(job)) == job
    assert set(job["message"]) == {"to", "subject", "text"}
    assert job["message"]["to"] == alice.email
    assert "\n" not in job["message"]["subject"]


def test_a_mail_joins_the_transaction_of_its_cause(alice):
    with transaction.atomic():
        mail.send_mail("account/email/welcome", to=alice, context=LINK)
        transaction.set_rollback(True)
    assert queued() == []


def test_names_arrive_as_they_are_written(make_user, delivered):
    mail.send_mail(
        "account/email/welcome",
        to=make_user(
            "Ann",
        ),
        context=LINK,
    )
    User.objects.update(name="O'Brien & <Sons>")
    mail.send_mail("account/email/welcome", to="ann@example.com", context=LINK)
    assert "Hello O'Brien & <Sons>," in delivered()[1].body


def test_times_stand_in_the_persons_zone(alice, delivered):
    noon = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
    User.objects.update(time_zone="Asia/Tokyo")
    context = {"timestamp": noon, "ip": "192.0.2.1", "user_agent": "Browser"}
    mail.send_mail("account/email/password_changed", to=alice.email, context=context)
    assert "When: 15 Jan 2026, 21:00 (Asia/Tokyo)" in delivered()[0].body


def test_an_address_nobody_has_yet_gets_mail(db, delivered):
    assert mail.send_mail("account/email/welcome", to="new@example.com", context=LINK)
    assert delivered()[0].body.startswith("Hello,")


def test_who_is_shut_out_gets_no_mail(alice, bob):
    alice.ban()
    User.objects.filter(pk=bob.pk).update(is_active=False)
    for to in (alice, "ALICE@example.com", "bob@example.com"):
        assert not mail.send_mail("account/email/welcome", to=to, context=LINK)
    assert queued() == []


def test_who_was_shut_out_meanwhile_gets_no_mail(alice, delivered):
    mail.send_mail("account/email/welcome", to=alice, context=LINK)
    alice.ban()
    assert delivered() == []


def test_a_mail_sent_twice_is_recognisable(alice, mailoutbox):
    for _ in range(2):
        tasks.deliver_mail(message=MESSAGE, key="k1")
    tasks.deliver_mail(message=MESSAGE, key="k2")
    assert [sent.message()["Message-ID"] for sent in mailoutbox] == [
        "<k1@localhost>",
        "<k1@localhost>",
        "<k2@localhost>",
    ]
    assert mailoutbox[0].message()["Auto-Submitted"] == "auto-generated"


def test_a_failed_mail_is_tried_again_later(alice, mail_server_is_down, caplog):
    before = timezone.now()
    tasks.deliver_mail(message=MESSAGE, key="k", attempt=3)
    [job] = queued()
    assert job == {"message": MESSAGE, "key": "k", "attempt": 4}
    assert OrmQ.objects.get().lock >= before + timedelta(minutes=2)
    assert [record.levelno for record in caplog.records] == [logging.WARNING]


def test_delays_double_up_to_a_quarter_of_an_hour():
    seconds = [mail.retry_delay(attempt).total_seconds() for attempt in range(1, 11)]
    assert seconds == [30, 60, 120, 240, 480, 900, 900, 900, 900, 900]


def test_after_the_last_attempt_the_operator_is_told(alice, mail_server_is_down, caplog):
    with pytest.raises((ConnectionRefusedError, JobTimeout)):
        tasks.deliver_mail(message=MESSAGE, key="k", attempt=10)
    assert queued() == []
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


def test_a_mail_outlives_a_server_that_is_down(alice, settings, work_off):
    working = settings.MAILERS
    settings.MAILERS = {"default": {"BACKEND": f"{__name__}.DownBackend"}}
    mail.send_mail("account/email/welcome", to=alice, context=LINK)
    assert [work_off(), work_off()] == [1, 1]
    settings.MAILERS = working
    work_off()
    assert [sent.to for sent in django_mail.outbox] == [[alice.email]]
    assert queued() == []


def test_a_mail_that_cannot_be_written_fails_at_once(alice, caplog):
    with pytest.raises(ValueError, match="linefeed"):
        tasks.deliver_mail(message=MESSAGE | {"subject": "a\nBcc: x@example.com"}, key="k")
    assert queued() == []
    assert caplog.records[-1].levelno == logging.ERROR
