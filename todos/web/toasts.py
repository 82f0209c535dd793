"""Messages with an undo: kept as ordinary messages, so that they outlive a redirect."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.contrib.messages.storage.base import Message
from django.http import HttpRequest

_LEVELS = {
    messages.DEBUG: "info",
    messages.INFO: "info",
    messages.SUCCESS: "success",
    messages.WARNING: "warning",
    messages.ERROR: "error",
}


@dataclass(frozen=True, slots=True)
class Toast:
    text: str
    level: str
    undo_url: str = ""
    fields: dict[str, str] = field(default_factory=dict)
    link: Sequence[str] = ()  # an address, and what it is called


def toast(request: HttpRequest, text: str, *, undo: str | None = None, fields: Mapping[str, Any] | None = None) -> None:
    """Tell the person what happened; posting `fields` to `undo` undoes it."""
    extra = {"undo": undo, "fields": {name: str(value) for name, value in (fields or {}).items()}} if undo else {}
    messages.success(request, text, extra_tags=json.dumps(extra) if extra else "")


def refuse(request: HttpRequest, text: str, *, link: tuple[str, str] | None = None) -> None:
    messages.error(request, text, extra_tags=json.dumps({"link": link}) if link else "")


def toasts(stored: Iterable[Message]) -> list[Toast]:
    """Return the messages as toasts; one that another app tagged in its own way is a toast without undo."""
    return [_toast(message) for message in stored]


def _toast(message: Message) -> Toast:
    level = _LEVELS.get(message.level, "info")
    try:
        extra = json.loads(message.extra_tags or "{}")
    except ValueError:
        extra = {}
    if not isinstance(extra, dict):
        extra = {}
    return Toast(
        text=str(message),
        level=level,
        undo_url=extra.get("undo") or "",
        fields=extra.get("fields") or {},
        link=extra.get("link") or (),
    )
