"""The people, what they have, and what they were promised: sessions, links, an address to send a file to."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage
from django.test import Client

from tests.upgrades import held
from tests.upgrades.names import (
    TOTP,
    Message,
    RecoveryCodes,
    Role,
    Run,
    TodoList,
    User,
    deleting,
    engine,
    exporting,
    format_hotp_value,
    get_consumer,
    hotp_value,
    invite,
    limited_now,
    mail,
    make_link,
    messages,
    new_members,
    onboarding,
    password_link,
    place_in,
    purging,
    resetting,
    schedules,
)
from tests.upgrades.playing import PRESENT, WORKER, deliver, execute_alone, finish
from tests.upgrades.things import DAY, PNG, arrived, guest, named, new_bulk_add, ready

PASSWORD = "kelp holds the rock"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
LOGIN = "/accounts/login/"
AUTHENTICATE = "/accounts/factors/authenticate/"
RESET = "/accounts/password/reset/"
SWITCHED_OFF = "prune audit"
NEW_MEMBERS, ONBOARDED = "changes.added-to-list", "changes.onboarding"


def arrive() -> None:
    """Make the people and their lists, two months ago."""
    held.hold(PRESENT - 60 * DAY)
    schedules.sync()
    for name in ("Sten", "Olga"):
        User.objects.create_superuser(f"{name.lower()}@example.com", PASSWORD, name=name)
    alice, bob, carol, _mallory = (newcomer(name) for name in ("Alice", "Bob", "Carol", "Mallory"))
    flat = TodoList.create("Flat renovation", by=alice)
    flat.add_member(bob, role=Role.EDITOR, by=alice)
    flat.add_member(carol, role=Role.READER, by=alice)
    TodoList.create("Garage", by=bob)
    tiles, grout, ladder = (flat.add(text, by=alice) for text in ("Order tiles", "Buy grout", "Lend the ladder"))
    tiles.edit(by=bob, text="Order the tiles", notes="Green ones.")
    grout.complete(by=bob)
    ladder.trash(by=alice)
    TodoList.create("Old ideas", by=alice).trash(by=alice)


def newcomer(name: str) -> User:
    person = User.objects.create_user(f"{name.lower()}@example.com", PASSWORD, name=name)
    person.settle_address()
    return person


def write_dead_letters() -> dict[str, list[int]]:
    """Return the ids of one dead letter for each queue that keeps them."""
    held.hold(PRESENT - 2 * DAY)
    Message.objects.all().delete()  # what came with the people
    mail.send_password_link(named("Carol"))
    with patch.object(EmailMessage, "send", side_effect=OSError("the mail server is away")):
        _fail_for_good(mail.QUEUE)
    engine.send(resetting.QUEUE, {"person": named("Bob").pk})
    with patch.object(mail, "send_mail", side_effect=OSError("the templates are gone")):
        _fail_for_good(resetting.QUEUE)
    TodoList.create("Shed", by=named("Alice")).add_member(named("Bob"), role=Role.READER, by=named("Alice"))
    with patch.object(new_members, "send_mail", side_effect=OSError("the templates are gone")):
        _fail_for_good(NEW_MEMBERS)
    _complete_as_newcomer("Carol")
    with patch.object(onboarding, "note_completion", side_effect=OSError("nobody listens")):
        _fail_for_good(ONBOARDED)
    dead = Message.objects.dead()
    return {queue: list(dead.filter(queue=queue).values_list("pk", flat=True)) for queue in dead_letter_queues()}


def dead_letter_queues() -> list[str]:
    return [mail.QUEUE, resetting.QUEUE, NEW_MEMBERS, ONBOARDED]


def _fail_for_good(queue: str) -> None:
    while pending := Message.objects.pending().filter(queue=queue).first():
        assert pending.due_at
        held.hold(pending.due_at)
        deliver(queue)


def _complete_as_newcomer(name: str) -> None:
    User.objects.filter(pk=named(name).pk).update(onboarding_at=PRESENT)
    person = named(name)
    TodoList.create("First list", by=person).add("Find the kettle", by=person).complete(by=person)


def settle_in() -> dict[str, object]:
    """Do, in the present, what lasts for minutes or days; return what is promised by it."""
    held.hold(PRESENT)
    alice, bob = named("Alice"), named("Bob")
    flat = TodoList.objects.get(name="Flat renovation")
    TOTP.activate(alice, SECRET)
    codes = RecoveryCodes.activate(alice).get_unused_codes()
    exporting.ask(bob)
    export = bob.data_exports.get()
    execute_alone(export.run_id)
    deleting.ask(named("Mallory"), heirs=[])
    request = purging.ask(guest(), by=named("Sten"), reason="left the company")
    invite("dora@example.com", by=alice, grant=place_in(flat, role=Role.READER))
    schedules.switch(SWITCHED_OFF, on=False)
    engine.pause(engine.start("reconcile usage", {}).pk)
    _fail_one_mail()
    _complete_as_newcomer("Carol")
    TodoList.create("Cellar", by=alice).add_member(bob, role=Role.READER, by=alice)
    browsers = {name: sign_in(name) for name in ("Alice", "Bob", "Carol", "Sten")}
    return {
        "at": PRESENT.isoformat(),
        "sessions": {name: browser.cookies["sessionid"].value for name, browser in browsers.items()},
        "recovery code": codes[0],
        "reset link": _path(password_link(named("Carol"))),
        "invitation": _path(make_link(by=alice, grant=place_in(flat, role=Role.EDITOR)).link),
        "export": f"/accounts/export/{export.pk}/",
        "purge": f"/admin/accounts/purgerequest/{request.pk}/",
        "limited": _limit("Mallory", "Carol"),
        "failed": _fail_a_run(),
        "uploads": _leave_uploads(browsers["Alice"], flat.todos.get(text="Buy grout").pk),
    }


def sign_in(name: str, *, code: str = "") -> Client:
    """Return a browser in which the person is signed in."""
    client = Client()
    client.post(LOGIN, {"login": f"{name.lower()}@example.com", "password": PASSWORD, "remember": "on"})
    if name == "Alice":
        client.post(AUTHENTICATE, {"code": code or totp()})
    assert client.get("/lists/").status_code == 200, f"{name} cannot sign in"
    return client


def totp() -> str:
    return format_hotp_value(hotp_value(SECRET, int(held.now().timestamp()) // 30))


def send(put: dict[str, Any]) -> int:
    """Send the picture to a signed address, as a browser does."""
    headers = dict(put["headers"])
    kind = headers.pop("Content-Type")
    return Client().put(put["url"], PNG, content_type=kind, headers=headers).status_code


def _path(url: str) -> str:
    return urlsplit(url).path


def _fail_one_mail() -> None:
    """Leave a mail that waits for its second try, and one that a lost worker holds."""
    with patch.object(EmailMessage, "send", side_effect=OSError("the mail server is away")):
        deliver(mail.QUEUE)
    assert messages.claim(get_consumer(mail.QUEUE), f"{WORKER}/mail")


def _limit(*names: str) -> list[str]:
    """Have these people exceed a limit; return the addresses of those for whom it lasts for some minutes."""
    addresses = [f"{name.lower()}@example.com" for name in names]
    for address in addresses:
        while Client().post(RESET, {"email": address}).status_code != 429:
            pass
    lasting = {note.person_id for note in limited_now() if note.until > PRESENT + timedelta(minutes=5)}
    found = [address for address in addresses if User.objects.get(email=address).pk in lasting]
    assert found, "no limit lasts: make the state again"
    return found


def _fail_a_run() -> str:
    """Leave a run that has failed, and would succeed if it were tried again."""
    bulk_add = new_bulk_add()
    execute_alone(bulk_add.run_id)
    bulk_add.refresh_from_db()
    bulk_add.confirm(by=named("Bob"))
    file = Path(settings.DATA_DIR, "files", bulk_add.source)
    text = file.read_bytes()
    file.write_bytes(b"\n" * len(text))
    execute_alone(bulk_add.run_id)
    file.write_bytes(text)
    assert Run.objects.get(pk=bulk_add.run_id).status == "failed"
    return bulk_add.run_id


def _leave_uploads(browser: Client, todo_id: int) -> dict[str, Any]:
    """Leave an upload in each state; return what is needed to go on with those that are on their way."""
    declared, complete, waiting = (_declare(browser, todo_id) for _ in range(3))
    for upload in (complete, waiting):
        assert send(upload["put"]) == 200
    assert browser.post(waiting["complete"]).status_code == 202
    ready().discard(by=None)
    ready()
    finish(arrived(b"a letter, not a picture").run_id)
    return {"to send": declared, "to complete": complete, "to check": waiting}


def _declare(browser: Client, todo_id: int) -> dict[str, Any]:
    body = {"name": "plan.png", "size": len(PNG), "type": "image/png", "target": {"kind": "todo", "id": str(todo_id)}}
    made: dict[str, Any] = browser.post("/uploads/", json.dumps(body), content_type="application/json").json()
    return made
