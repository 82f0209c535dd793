from django.db import migrations


def mend(apps, schema_editor):
    """0001 was changed while it was new: a database that had it before lacks two columns, and has one too many."""
    upload = apps.get_model("uploads", "Upload")
    for name in ("rechecked_at", "finding"):
        if name not in _columns(upload, schema_editor):
            schema_editor.add_field(upload, upload._meta.get_field(name))
    if "etag" in _columns(upload, schema_editor):
        table = schema_editor.quote_name(upload._meta.db_table)
        schema_editor.execute(f"ALTER TABLE {table} DROP COLUMN etag")


def _columns(model, schema_editor):
    connection = schema_editor.connection
    with connection.cursor() as cursor:
        return {column.name for column in connection.introspection.get_table_description(cursor, model._meta.db_table)}


class Migration(migrations.Migration):
    dependencies = [("uploads", "0001_initial")]
    operations = [migrations.RunPython(mend, migrations.RunPython.noop)]
