"""Locking a row before a verb compares the stored values with the new ones."""

from django.db import models


def lock(row: models.Model, *, no_key: bool = False) -> None:
    """Lock the row until the transaction ends and take over its stored values; raise DoesNotExist if it was deleted.

    On SQLite a transaction is the only writer from its beginning, so that reading there is as good as locking. With
    `no_key` an insert that only refers to the row need not wait for it. Related objects that were read already are
    kept, which `refresh_from_db` would read again.
    """
    stored = row._meta.model._base_manager.select_for_update(no_key=no_key).get(pk=row.pk)  # noqa: SLF001 - Django's name
    for field in row._meta.concrete_fields:  # noqa: SLF001
        setattr(row, field.attname, getattr(stored, field.attname))
