"""Mails that wait in django-q2's table when the queue of the engine takes over are carried along."""

from django.db import migrations

MAIL = "accounts.tasks.deliver_mail"


def carry(apps, schema_editor):
    from django_q.signing import BadSignature, SignedPackage

    from workflows.core import codec

    OrmQ = apps.get_model("django_q", "OrmQ")
    Message = apps.get_model("workflows", "Message")
    for row in OrmQ.objects.order_by("pk"):
        try:
            job = SignedPackage.loads(row.payload)
        except BadSignature:
            continue  # of another SECRET_KEY: nobody can read it
        if job["func"] == MAIL:
            given = job["kwargs"]
            Message.objects.create(
                queue="mail",
                body=codec.encode(given["message"] | {"key": given["key"]}, what="a mail"),
                sent_at=job["started"],
                available_at=row.lock,
                due_at=row.lock,
                attempts=given.get("attempt", 1) - 1,
            )
        row.delete()


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_name_characters"),
        ("workflows", "0002_engine"),
        ("django_q", "0019_alter_task_options_alter_ormq_key_alter_ormq_lock_and_more"),
    ]
    operations = [migrations.RunPython(carry, migrations.RunPython.noop)]
