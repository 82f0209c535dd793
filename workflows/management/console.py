"""What the commands `workflows` and `queues` share: verbs, output as text or JSON, refusals in one line."""

import argparse
import json
import re
from argparse import Namespace
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.timezone import localtime

from workflows.core.errors import EngineError

REFUSED = 1
LONGEST = timedelta(days=36_500)
_UNITS = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}


class ConsoleCommand(BaseCommand):
    """A command with verbs, each with the option --json."""

    as_json = False

    def verbs(self, parser: CommandParser) -> Any:
        return parser.add_subparsers(dest="verb", required=True, metavar="VERB")

    def verb(self, verbs: Any, name: str, act: Callable[[Namespace], None], text: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = verbs.add_parser(name, help=text, description=text)
        parser.add_argument("--json", action="store_true", help="print JSON")
        parser.set_defaults(act=act)
        return parser

    def handle(self, *_args: Any, **options: Any) -> None:
        self.as_json = options["json"]
        try:
            options["act"](Namespace(**options))
        except EngineError as refusal:
            raise CommandError(str(refusal), returncode=REFUSED) from None

    def table(self, rows: Sequence[dict[str, Any]]) -> None:
        if self.as_json:
            self._print(list(rows))
            return
        if not rows:
            self.stderr.write("none found")
            return
        lines = [
            [name.replace("_", " ") for name in rows[0]],
            *([_text(value) for value in row.values()] for row in rows),
        ]
        widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
        for line in lines:
            self.stdout.write("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())

    def facts(self, facts: dict[str, Any], **tables: Sequence[dict[str, Any]]) -> None:
        """Print names and values, then tables."""
        if self.as_json:
            self._print({**facts, **tables})
            return
        for name, value in facts.items():
            if value not in (None, ""):
                self.stdout.write(f"{name.replace('_', ' ')}: {_text(value)}")
        for rows in tables.values():
            if rows:
                self.stdout.write("")
                self.table(rows)

    def done(self, **facts: Any) -> None:
        """Say what changed; doing a verb a second time changes nothing and is not an error."""
        if self.as_json:
            self._print(facts)
        elif facts.get("changed") is False:
            self.stdout.write("nothing to change")
        else:
            self.stdout.write(" ".join(_text(value) for name, value in facts.items() if name != "changed"))

    def _print(self, value: Any) -> None:
        self.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, default=_plain))


def duration(text: str) -> timedelta:
    """Read a duration like 45s, 90m, 12h, 30d or 2w."""
    found = re.fullmatch(r"([0-9]{1,8})([smhdw])", text)
    if not found or (length := int(found[1]) * _UNITS[found[2]]) > LONGEST:
        raise argparse.ArgumentTypeError(f"{text!r} is not a duration such as 45s, 90m, 12h, 30d or 2w")
    return length


def json_text(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"not JSON: {error}") from None


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{localtime(value):%Y-%m-%d %H:%M:%S}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = json.dumps(value, ensure_ascii=False, default=_plain) if isinstance(value, dict | list) else str(value)
    return text if len(text) <= 100 else f"{text[:99]}…"
