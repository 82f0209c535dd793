"""Run by the test in a process of its own, on a restored state: upgrade it, let everything go on, print what was seen.

python -m tests.upgrades.going_on <file of the promises>; DATA_DIR, SECRET_KEY and DATABASE_URL name the instance.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from tests.upgrades import held
from tests.upgrades.cast import LOGIN, PASSWORD, RESET, SWITCHED_OFF, send, sign_in, totp
from tests.upgrades.names import (
    Message,
    Run,
    Schedule,
    Step,
    TodoList,
    Upload,
    attempts,
    codec,
    engine,
    mail,
    run_until_idle,
    schedules,
    store,
)

PAUSES = [timedelta(seconds=15), timedelta(minutes=10), timedelta(hours=3), *(timedelta(days=n) for n in (1, 7, 7))]
"""Between looks at what is due: leases, retries, the days in which somebody may change their mind."""
NEW_PASSWORD = "wrack floats on air"


def main() -> None:
    promises = json.loads(Path(sys.argv[1]).read_text())
    held.hold(datetime.fromisoformat(promises["at"]))
    call_command("migrate", interactive=False, verbosity=0)
    schedules.sync()
    attempts.COURTESY = 0.0  # nobody else writes here
    _follow_files(promises["etags"])
    seen: dict[str, Any] = {"sessions": _sessions(promises), "uploads": _uploads(promises), "doors": _doors(promises)}
    seen["pages"] = _pages(promises)
    seen["replayed"] = engine.replay([pk for pks in promises["dead"].values() for pk in pks])
    engine.retry(promises["failed"])
    mails = _mails(promises)
    for pause in [timedelta(0), *PAUSES]:
        held.advance(pause)
        run_until_idle()
        seen.setdefault("upload states", _upload_states(promises))
    seen["runs"] = {pk: _end(pk) for pk in promises["runs"]}
    seen["messages"] = _messages(promises)
    sent = "".join(file.read_text() for file in settings.MAIL_DIR.iterdir())
    seen["mails"] = {key: to for key, to in mails.items() if key not in sent}
    seen["switched off"] = Schedule.objects.get(pk=SWITCHED_OFF).disabled_at is not None
    print(json.dumps(seen))  # noqa: T201 - what the test reads


def _follow_files(etags: dict[str, str]) -> None:
    """Put the ETags of the unpacked files where those of the packed ones are recorded: they are other files now."""
    for old, key in etags.items():
        found = store().head(key)
        assert found, key
        for step in Step.objects.filter(result__contains=old):
            step.result = str(step.result).replace(old, found.etag)
            step.save(update_fields=["result"])


def _sessions(promises: dict[str, Any]) -> dict[str, int]:
    return {name: _browser(key).get("/lists/").status_code for name, key in promises["sessions"].items()}


def _browser(session_key: str) -> Client:
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = session_key
    return client


def _uploads(promises: dict[str, Any]) -> dict[str, int]:
    """Go on with the uploads that are on their way, as their browser would."""
    alice, uploads = _browser(promises["sessions"]["Alice"]), promises["uploads"]
    return {
        "sent": send(uploads["to send"]["put"]),
        "sent, completed": alice.post(uploads["to send"]["complete"]).status_code,
        "completed": alice.post(uploads["to complete"]["complete"]).status_code,
    }


def _upload_states(promises: dict[str, Any]) -> dict[str, str]:
    return {what: Upload.objects.get(pk=upload["id"]).state for what, upload in promises["uploads"].items()}


def _doors(promises: dict[str, Any]) -> dict[str, Any]:
    """Try what lets people in."""
    held.advance(timedelta(seconds=31))  # a code of an app works once
    bob, olga = _browser(promises["sessions"]["Bob"]), sign_in("Olga")
    invitation = {"name": "Dora", "email": "dora@example.net", "password": PASSWORD}
    Client().post(promises["invitation"], invitation)
    return {
        "code of an app": _is_in(sign_in("Alice", code=totp())),
        "recovery code": _is_in(sign_in("Alice", code=promises["recovery code"])),
        "reset link": _chooses_password(promises["reset link"]),
        "invitation": TodoList.objects.filter(memberships__user__email="dora@example.net").count(),
        "export": bob.get(promises["export"]).getvalue()[:2].decode(),
        "purge approved": olga.post(f"{promises['purge']}decide/", {"approve": "yes"}).status_code,
        "limited": {address: Client().post(RESET, {"email": address}).status_code for address in promises["limited"]},
        "limited now": _newly_limited(_browser(promises["sessions"]["Sten"])),
    }


def _is_in(client: Client) -> bool:
    return client.get("/lists/").status_code == 200


def _chooses_password(link: str) -> bool:
    client = Client()
    form = client.get(link, follow=True)
    client.post(form.request["PATH_INFO"], {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})
    carol = Client()
    carol.post(LOGIN, {"login": "carol@example.com", "password": NEW_PASSWORD})
    return _is_in(carol)


def _newly_limited(sten: Client) -> bool:
    """Is somebody who exceeds a limit now shown among those who did before the upgrade?"""
    while Client().post(RESET, {"email": "bob@example.com"}).status_code != 429:
        pass
    return "bob@example.com" in sten.get(reverse("admin:accounts_user_limits")).text


def _pages(promises: dict[str, Any]) -> dict[str, int]:
    """Return the status of pages that show what was kept: every list of the console, and the members' pages."""
    browsers = {name: _browser(promises["sessions"][name]) for name in ("Sten", "Alice", "Bob")}
    asked = [(browsers["Sten"], path) for path in _console()]
    asked += [(browsers[name], path) for name in ("Alice", "Bob") for path in _members_pages(name)]
    return {path: browser.get(path, follow=True).status_code for browser, path in asked}


def _console() -> Iterator[str]:
    yield reverse("admin:index")
    yield reverse("admin:accounts_user_limits")
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        yield reverse(f"{name}_changelist")
    for workflow in Run.objects.values_list("workflow", flat=True).distinct().order_by("workflow"):
        run = Run.objects.filter(workflow=workflow).first()
        yield reverse("admin:workflows_run_change", args=[run and run.pk])


def _members_pages(name: str) -> Iterator[str]:
    yield from ("/lists/", "/trash/", "/files/", "/accounts/settings/", "/accounts/activity/", "/accounts/sessions/")
    for todo_list in TodoList.objects.live().filter(memberships__user__name=name)[:3]:
        yield f"/lists/{todo_list.pk}/"
        if todo := todo_list.todos.live().first():
            yield f"/todos/{todo.pk}/"


def _mails(promises: dict[str, Any]) -> dict[str, str]:
    """Return the keys of the kept mails to people who stay, with their addresses."""
    kept = Message.objects.filter(pk__in=[*promises["waiting"][mail.QUEUE], *promises["dead"][mail.QUEUE]])
    bodies = [codec.decode(message.body) for message in kept]
    found = {body["key"]: body["to"] for body in bodies if not body["to"].startswith(("guest", "mallory"))}
    assert found
    return found


def _end(run_id: str) -> list[Any]:
    """Return how a run has ended: its status, and what it says in words."""
    run = Run.objects.filter(pk=run_id).first()
    if run is None:
        return ["gone", None]
    if run.error:
        return [run.status, f"{run.error['type']}: {run.error['message']}"]
    output = codec.decode(run.output) if run.output else None
    return [run.status, output if isinstance(output, str) else None]


def _messages(promises: dict[str, Any]) -> dict[str, dict[str, Counter[str]]]:
    """Return what became of the messages that waited, and of those that were dead, by queue."""
    ended = dict(Message.objects.values_list("pk", "acknowledged_at"))
    kinds = {kind: promises[kind].items() for kind in ("waiting", "dead")}
    return {
        kind: {queue: Counter("done" if ended.get(pk) else "left" for pk in pks) for queue, pks in queues}
        for kind, queues in kinds.items()
    }


if __name__ == "__main__":
    held.run(main)
