"""Values as the engine stores them: JSON, with dates, times, decimals, UUIDs and timedeltas restored to their types."""

import hashlib
import json
import math
import uuid
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from workflows.core.errors import NotSerializable, TooLarge

LIMIT = 1024 * 1024
"""Bytes of a stored value."""

TAG = "$type"
_WRITERS: dict[type, tuple[str, Callable[[Any], Any]]] = {
    datetime: ("datetime", datetime.isoformat),
    date: ("date", date.isoformat),
    time: ("time", time.isoformat),
    timedelta: ("timedelta", lambda value: [value.days, value.seconds, value.microseconds]),
    Decimal: ("decimal", str),
    uuid.UUID: ("uuid", str),
}
_READERS: dict[str, Callable[[Any], Any]] = {
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
    "time": time.fromisoformat,
    "timedelta": lambda value: timedelta(*value),
    "decimal": Decimal,
    "uuid": uuid.UUID,
}


def encode(value: Any, *, what: str) -> str:
    """Return the value as text, or raise NotSerializable or TooLarge; `what` names it in the message.

    Tuples become lists, and subclasses what they derive from, as in JSON. Decoding gives what a replay will see.
    """
    try:
        text = json.dumps(_plain(value, what), ensure_ascii=False, separators=(",", ":"))
    except RecursionError:
        raise NotSerializable(path=what, kind="nested too deeply or within itself") from None
    if len(text) > LIMIT // 4 and (size := len(text.encode())) > LIMIT:
        raise TooLarge(what=what, size=size, limit=LIMIT)
    return text


def decode(text: str) -> Any:
    return json.loads(text, object_hook=_revive)


def digest(text: str) -> str:
    """Return a short name for a long one."""
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any, path: str) -> Any:
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return _text(value, path)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise NotSerializable(path=path, kind=f"the number {value}")
        return value
    if isinstance(value, list | tuple):
        return [_plain(item, f"{path}[{index}]") for index, item in enumerate(value)]
    if isinstance(value, dict):
        return _plain_dict(value, path)
    for kind in type(value).__mro__:
        if kind in _WRITERS:
            name, write = _WRITERS[kind]
            return {TAG: name, "value": write(value)}
    raise NotSerializable(path=path, kind=f"of type {type(value).__name__}")


def _plain_dict(value: dict[Any, Any], path: str) -> dict[str, Any]:
    for key in value:
        if not isinstance(key, str):
            raise NotSerializable(path=f"the key {key!r} of {path}", kind=f"of type {type(key).__name__}, not text")
    plain = {_text(key, path): _plain(item, f"{path}[{key!r}]") for key, item in value.items()}
    # Pairs, because a dictionary inside would be revived before it is seen to be quoted.
    return {TAG: "dict", "value": list(map(list, plain.items()))} if TAG in plain else plain


def _text(value: str, path: str) -> str:
    """Refuse what no database stores: NUL, and halves of surrogate pairs."""
    if "\x00" in value:
        raise NotSerializable(path=path, kind="text with a NUL character")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise NotSerializable(path=path, kind="text with half a surrogate pair") from None
    return value


def _revive(found: dict[str, Any]) -> Any:
    if TAG not in found:
        return found
    if found[TAG] == "dict":
        return dict(found["value"])
    return _READERS[found[TAG]](found["value"])
