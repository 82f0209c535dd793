"""Databases of the commits between which the first migration of uploads was changed."""

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from uploads.models import Upload


def columns() -> set[str]:
    with connection.cursor() as cursor:
        return {one.name for one in connection.introspection.get_table_description(cursor, Upload._meta.db_table)}


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_database_of_an_earlier_commit_is_mended():
    wanted = columns()
    MigrationExecutor(connection).migrate([("uploads", "0001_initial")])
    with connection.cursor() as cursor:
        for name in ("rechecked_at", "finding"):
            cursor.execute(f"ALTER TABLE uploads_upload DROP COLUMN {name}")
        cursor.execute("ALTER TABLE uploads_upload ADD COLUMN etag varchar(200) NOT NULL DEFAULT ''")
    MigrationExecutor(connection).migrate([("uploads", "0002_mend")])
    assert columns() == wanted
