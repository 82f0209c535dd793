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
    changes = JSONObject(text=JSONArray(Value(None, output_field=models.TextField()), F("text")))
    record(Verb.ADDED, bulk_add.todos.filter(pk__gt=before), by=by, now=now, changes=changes)


def record(verb: Verb, todos: QuerySet[Todo], *, by: User, now: datetime, changes: Any = None) -> None:
    """Write an Activity row for each of the to-dos."""
    given = {"actor": by, "verb": verb.value, "created_at": now}
    expressions: dict[str, Any] = {"list": F("list_id"), "todo": F("pk")} | ({"changes": changes} if changes else {})
    fields = _fields(Activity)
    for field in fields:
        if field.name not in expressions:
            value = given[field.name] if field.name in given else field.get_default()
            expressions[field.name] = Value(getattr(value, "pk", value), output_field=_plain(field))
    named = {f"new_{name}": expression for name, expression in expressions.items()}
    rows = todos.order_by("pk").annotate(**named).values_list(*(f"new_{field.name}" for field in fields))
    select, params = rows.query.sql_with_params()
    columns = ", ".join(connection.ops.quote_name(field.column) for field in fields)
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO todos_activity ({columns}) {select}", params)


def _fields(model: type[models.Model]) -> list[Any]:
    return [field for field in model._meta.concrete_fields if not field.primary_key]  # noqa: SLF001 - a public name


def _plain(field: Any) -> Any:
    """Return the field whose values the column holds: of a foreign key, the key it points to."""
    return field.target_field if field.remote_field else field


def _stored(field: Any, given: Mapping[str, Any]) -> Any:
    value = given[field.name] if field.name in given else field.get_default()
    return field.get_db_prep_save(getattr(value, "pk", value), connection)
