"""Logging with context: each record carries the request's id and the member's, or None outside a request."""

import json
import logging
import os
import re
import uuid
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

_request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
_user_id: ContextVar[int | None] = ContextVar("user_id", default=None)
_FOREIGN_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
# C0 and C1 controls, line separators, and what turns the direction of writing.
_FORGING = (*range(9), *range(11, 32), *range(127, 160), 0x200E, 0x200F, *range(0x2028, 0x202F), *range(0x2066, 0x206A))
_CONTROL = {code: f"\\x{code:02x}" for code in _FORGING}
# Anyone who has the tokens in these addresses can use them.
_SECRET_PATH = re.compile(
    r"(/accounts/(?:invitations|confirm-email|address/confirm|password/reset/key)/)(?!done/)[^/\s\"'?&\\]+"
)
_STANDARD = {*logging.makeLogRecord({}).__dict__, "message", "asctime", "request_id", "user_id", "request"}


def configuration(formatter: str) -> dict[str, Any]:
    """Return the settings' LOGGING: everything goes to stderr, written by one of the two formatters."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"context": {"()": ContextFilter}},
        "formatters": {"console": {"()": ConsoleFormatter}, "json": {"()": JSONFormatter}},
        "handlers": {
            "stderr": {"class": "logging.StreamHandler", "filters": ["context"], "formatter": formatter},
            "nowhere": {"class": "logging.NullHandler"},  # a logger without a handler would write to stderr anyway
        },
        "root": {"handlers": ["stderr"], "level": "INFO"},
        "loggers": {
            "django.server": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
            # The 400 already has a line.
            "django.security.DisallowedHost": {"handlers": ["nowhere"], "propagate": False},
            "django.request": {"level": "ERROR"},  # 4xx answers are in the request line already
            "django-q": {"level": "WARNING"},
        },
    }


def request_id() -> str | None:
    return _request_id.get()


def user_id() -> int | None:
    return _user_id.get()


def begin_request(foreign_id: str) -> str:
    """Start a request's context with the proxy's id, if that is a sane one, or with a new id."""
    identity = foreign_id if _FOREIGN_ID.fullmatch(foreign_id) else uuid.uuid4().hex
    _request_id.set(identity)
    _user_id.set(None)
    return identity


def end_request() -> None:
    _request_id.set(None)
    _user_id.set(None)


def set_user(identity: int | None) -> None:
    _user_id.set(identity)


def mask(text: str) -> str:
    """Return the text without the tokens in addresses."""
    return _SECRET_PATH.sub(r"\1***", text)


class ContextFilter(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.__dict__ |= {"request_id": request_id(), "user_id": user_id()}
        return True


class ConsoleFormatter(logging.Formatter):
    """One line a record for people; control characters are shown, not sent to the terminal."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s", datefmt="%H:%M:%S")

    def format(self, record: logging.LogRecord) -> str:
        return mask(super().format(record))

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        parts = {"request": getattr(record, "request_id", None), "user": getattr(record, "user_id", None)}
        context = [f"{name}={value}" for name, value in parts.items() if value is not None]
        line = super().formatMessage(record).replace("\n", "\\n").translate(_CONTROL)
        return f"{line} [{' '.join(context)}]" if context else line


class JSONFormatter(logging.Formatter):
    """One JSON object a line for machines; what a call passes as `extra` becomes keys of its own."""

    def __init__(self, *, process: str | None = None) -> None:
        super().__init__()
        self.process = process or os.environ.get("HOLDFAST_PROCESS")  # `serve` names its children

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "process": self.process,
            "logger": record.name,
            "message": record.getMessage(),
            "request_id": getattr(record, "request_id", None),
            "user_id": getattr(record, "user_id", None),
        }
        entry |= {key: value for key, value in record.__dict__.items() if key not in _STANDARD}
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return mask(json.dumps(entry, default=str, ensure_ascii=False))


def as_json(line: str, *, process: str) -> str:
    """Return a line of a process's output unchanged if it is a JSON object, else as the message of one."""
    try:
        if isinstance(json.loads(line), dict):
            return line
    except (ValueError, RecursionError):
        pass
    record = logging.makeLogRecord({"name": "holdfast.output", "levelname": "INFO", "msg": line})
    return JSONFormatter(process=process).format(record)
