import json
import logging
from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail as django_mail
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction

from accounts import mail
from accounts.models import User
from workflows import engine
from workflows.core import codec
from workflows.models import Message
from workflows.replay.deadline import TimesUp
from workflows.testing import advance, run_until_idle

MESSAGE = {"to": "alice@example.com", "subject": "Hello", "text": "Text", "key": "k1"}
LINK = {"password_url": "http://localhost:8000/x"}


class DownBackend(BaseEmailBackend):
    def send_messages(self, email_messages):
        raise ConnectionRefusedError("nobody listens")


class DrippingBackend(BaseEmailBackend):
    def send_messages(self, email_messages):
        raise TimesUp  # the server answers byte by byte, and the time is over


@pytest.fixture(params=["DownBackend", "DrippingBackend"])
def mail_server_is_down(settings, request):
    settings.MAILERS = {"default": {"BACKEND": f"{__name__}.{request.param}"}}


def queued() -> list[dict]:
    return [codec.decode(message.body) for message in Message.objects.pending().order_by("pk")]


def test_a_mail_is_queued_as_plain_data(alice):
    assert mail.send_mail("accounts/invitations/mail/welcome", to=alice, context=LINK)
    [message] = queued()
    assert json.loads(json.dumps(message)) == message
    assert set(message) == {"to", "subject", "text", "key", "person"}
    assert message["to"] == alice.email
    assert "\n" not in message["subject"]


def test_a_mail_joins_the_transaction_of_its_cause(alice):
    with transaction.atomic():
        mail.send_mail("accounts/invitations/mail/welcome", to=alice, context=LINK)
        transaction.set_rollback(True)
    assert queued() == []


def test_names_arrive_as_they_are_written(make_user, delivered):
    mail.send_mail(
        "accounts/invitations/mail/welcome",
        to=make_user(
            "Ann",
        ),
        context=LINK,
    )
    User.objects.update(name="O'Brien & <Sons>")
    mail.send_mail("accounts/invitations/mail/welcome", to="ann@example.com", context=LINK)
    assert "Hello O'Brien & <Sons>," in delivered()[1].body


def test_times_stand_in_the_persons_zone(alice, delivered):
    noon = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
    User.objects.update(time_zone="Asia/Tokyo")
    context = {"timestamp": noon, "ip": "192.0.2.1", "user_agent": "Browser"}
    mail.send_mail("account/email/password_changed", to=alice.email, context=context)
    assert "When: 15 Jan 2026, 21:00 (Asia/Tokyo)" in delivered()[0].body


def test_an_address_nobody_has_yet_gets_mail(db, delivered):
    assert mail.send_mail("accounts/invitations/mail/welcome", to="new@example.com", context=LINK)
    assert delivered()[0].body.startswith("Hello,")


def test_who_is_shut_out_gets_no_mail(alice, bob):
    alice.ban()
    User.objects.filter(pk=bob.pk).update(is_active=False)
    for to in (alice, "ALICE@example.com", "bob@example.com"):
        assert not mail.send_mail("accounts/invitations/mail/welcome", to=to, context=LINK)
    assert queued() == []


def test_who_was_shut_out_meanwhile_gets_no_mail(alice, delivered):
    mail.send_mail("accounts/invitations/mail/welcome", to=alice, context=LINK)
    alice.ban()
    assert delivered() == []


def test_who_was_deleted_meanwhile_gets_no_mail(alice, delivered):
    mail.send_mail("accounts/invitations/mail/welcome", to=alice, context=LINK)
    alice.delete()
    assert delivered() == []


def test_a_mail_sent_twice_is_recognisable(alice, mailoutbox):
    for _ in range(2):
        mail.deliver(MESSAGE)
    mail.deliver(MESSAGE | {"key": "k2"})
    assert [sent.message()["Message-ID"] for sent in mailoutbox] == [
        "<k1@localhost>",
        "<k1@localhost>",
        "<k2@localhost>",
    ]
    assert mailoutbox[0].message()["Auto-Submitted"] == "auto-generated"


def test_delays_double_up_to_a_quarter_of_an_hour():
    seconds = [mail.retry_delay(attempt).total_seconds() for attempt in range(1, 11)]
    assert seconds == [30, 60, 120, 240, 480, 900, 900, 900, 900, 900]


def test_a_failed_mail_is_tried_again_and_in_the_end_a_dead_letter(alice, mail_server_is_down, caplog):
    mail.send_mail("accounts/invitations/mail/welcome", to=alice, context=LINK)
    for attempt in range(1, 10):
        run_until_idle()
        message = Message.objects.pending().get()
        assert message.attempts == attempt
        assert caplog.records[-1].levelno == logging.WARNING
        assert "again in" in caplog.messages[-1]
        advance(mail.retry_delay(attempt))
    run_until_idle()
    assert queued() == []
    assert Message.objects.dead().get().attempts == 10
    assert caplog.records[-1].levelno == logging.ERROR


def test_a_mail_outlives_a_server_that_is_down(alice, settings):
    working = settings.MAILERS
    settings.MAILERS = {"default": {"BACKEND": f"{__name__}.DownBackend"}}
    mail.send_mail("accounts/invitations/mail/welcome", to=alice, context=LINK)
    run_until_idle()
    advance(timedelta(minutes=1))
    run_until_idle()
    settings.MAILERS = working
    advance(timedelta(minutes=1))
    run_until_idle()
    assert [sent.to for sent in django_mail.outbox] == [[alice.email]]
    assert queued() == []


def test_what_was_sent_is_forgotten(alice):
    mail.send_mail("accounts/invitations/mail/welcome", to=alice, context=LINK)
    run_until_idle()
    assert Message.objects.get().body == "null"


def test_a_mail_that_cannot_be_written_is_a_dead_letter_at_once(alice, caplog):
    engine.send(mail.QUEUE, MESSAGE | {"subject": "a\nBcc: x@example.com"})
    run_until_idle()
    assert "linefeed" in Message.objects.dead().get().errors[0]["message"]
    assert caplog.records[-1].levelno == logging.ERROR
