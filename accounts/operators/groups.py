"""Ready-made groups: who is staff and no superuser may do in the admin what their groups say.

They are made and completed after each migration, and nothing is taken from them: an operator may add to them.
"""

from typing import Any

from django.apps import apps
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.db.models import Q
from django.db.models.signals import post_migrate

OPERATORS, VIEWERS = "Operators", "Viewers"
# What viewers see holds no secret: bodies of messages, mails and hashes of passwords are on no page of theirs, and
# their lists are filtered and searched only by what is (tests/architecture/test_admin_lookups.py).
SEEN = ("accounts", "account", "todos", "uploads", "workflows")
UNSEEN = ("emailconfirmation",)
DONE = {
    "accounts": ("add_user", "change_user", "purge_person"),
    "todos": (
        *("change_todolist", "change_todo", "change_attachment", "change_membership", "delete_membership"),
        "change_bulkadd",
    ),
    "uploads": ("change_upload",),
    "workflows": ("change_run", "change_message", "change_queuestate", "change_schedule"),
}
MANAGED = ("invitation",)
"""Models of accounts of which operators may do everything."""


def connect() -> None:
    post_migrate.connect(make_groups, sender=apps.get_app_config("accounts"))


def make_groups(using: str = "default", **_signal: Any) -> None:
    for label in SEEN:  # Django makes the permissions of one app after the other, and those of some later than this
        create_permissions(apps.get_app_config(label), verbosity=0, using=using)
    seen = Q(content_type__app_label__in=SEEN, codename__startswith="view_")
    seen &= ~Q(content_type__model__in=UNSEEN)
    done = Q(content_type__app_label="accounts", content_type__model__in=MANAGED)
    for label, codenames in DONE.items():
        done |= Q(content_type__app_label=label, codename__in=codenames)
    with transaction.atomic(using=using):
        for name, rights in ((OPERATORS, seen | done), (VIEWERS, seen)):
            group, _made = Group.objects.using(using).get_or_create(name=name)
            there = group.permissions.values("pk")
            group.permissions.add(*Permission.objects.using(using).filter(rights).exclude(pk__in=there))
