"""Rows by the hundred in one statement each: one by one, the ORM would hold SQLite's only writer ten times as long.

Columns that are not given get their field's default, so that a field that is added tomorrow is written here as well.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import connection, models
from django.db.models import F, QuerySet, Value
from django.db.models.functions import JSONArray, JSONObject

from accounts.models import User
from todos import changes
from todos.models import Activity, BulkAdd, Todo, Verb

# The texts as a JSON array: `key` counts them from 0.
_TEXTS = {
    "sqlite": "(SELECT key, value AS text FROM json_each(%s)) AS texts ORDER BY key",
    "postgresql": """(SELECT ordinality - 1 AS key, value AS text
        FROM jsonb_array_elements_text(%s::jsonb) WITH ORDINALITY) AS texts ORDER BY key""",
}


def insert_todos(texts: list[str], *, bulk_add: BulkAdd, by: User, now: datetime, start: int, gap: int) -> None:
    """Add to-dos at positions `start`, `start + gap` and so on, with their history."""
    before = bulk_add.todos.order_by("-pk").values_list("pk", flat=True).first() or 0
    given = {"list": bulk_add.list, "bulk_add": bulk_add, "created_by": by, "created_at": now, "updated_at": now}
    columns, selected, params = [], [], []
    for field in _fields(Todo):
        columns.append(connection.ops.quote_name(field.column))
        if field.name == "text":
            selected.append("text")
        elif field.name == "position":
            selected.append(f"{int(start)} + key * {int(gap)}")
        else:
            selected.append("%s" if connection.vendor == "sqlite" else f"%s::{field.db_type(connection)}")
            params.append(_stored(field, given))
    statement = f"INSERT INTO todos_todo ({', '.join(columns)}) SELECT {', '.join(selected)} FROM "  # noqa: S608 - our names
    with connection.cursor() as cursor:
        cursor.execute(statement + _TEXTS[connection.vendor], [*params, json.dumps(texts)])
    texts_added = JSONObject(text=JSONArray(Value(None, output_field=models.TextField()), F("text")))
    record(Verb.ADDED, bulk_add.todos.filter(pk__gt=before), by=by, now=now, old_and_new=texts_added)


def record(verb: Verb, todos: QuerySet[Todo], *, by: User, now: datetime, old_and_new: Any = None) -> None:
    """Write an Activity row for each of the to-dos."""
    like = Activity(verb=verb.value, actor=by, created_at=now)
    changes.record([like], save=lambda: _insert(like, todos, fields={"changes": old_and_new} if old_and_new else {}))


def _insert(like: Activity, todos: QuerySet[Todo], *, fields: Mapping[str, Any]) -> None:
    """Insert an activity for each of the to-dos: its own list and to-do, the `fields`, and the rest from `like`."""
    expressions: dict[str, Any] = {"list": F("list_id"), "todo": F("pk"), **fields}
    columns = _fields(Activity)
    for field in columns:
        if field.name not in expressions:
            expressions[field.name] = Value(getattr(like, field.attname), output_field=_plain(field))
    named = {f"new_{name}": expression for name, expression in expressions.items()}
    rows = todos.order_by("pk").annotate(**named).values_list(*(f"new_{field.name}" for field in columns))
    select, params = rows.query.sql_with_params()
    names = ", ".join(connection.ops.quote_name(field.column) for field in columns)
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO todos_activity ({names}) {select}", params)


def _fields(model: type[models.Model]) -> list[Any]:
    return [field for field in model._meta.concrete_fields if not field.primary_key]  # noqa: SLF001 - a public name


def _plain(field: Any) -> Any:
    """Return the field whose values the column holds: of a foreign key, the key it points to."""
    return field.target_field if field.remote_field else field


def _stored(field: Any, given: Mapping[str, Any]) -> Any:
    value = given[field.name] if field.name in given else field.get_default()
    return field.get_db_prep_save(getattr(value, "pk", value), connection)
