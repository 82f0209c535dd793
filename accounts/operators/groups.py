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

from accounts import extensions

OPERATORS, VIEWERS = "Operators", "Viewers"
# What viewers see holds no secret: bodies of messages, mails and hashes of passwords are on no page of theirs, and
# their lists are filtered and searched only by what is (tests/architecture/test_admin_lookups.py).
UNSEEN = ("emailconfirmation",)
MAY = (
    *("accounts.add_user", "accounts.change_user", "accounts.purge_person"),
    *("workflows.change_run", "workflows.change_message", "workflows.change_queuestate", "workflows.change_schedule"),
)
MANAGED = ("invitation",)
"""Models of accounts with which operators may do everything."""


def connect() -> None:
    post_migrate.connect(make_groups, sender=apps.get_app_config("accounts"))


def make_groups(using: str = "default", **_signal: Any) -> None:
    joined = extensions.joined()
    labels = ["accounts", "account", "workflows", *(extension.name for extension in joined)]
    for label in labels:  # Django makes the permissions of one app after the other, and those of some later than this
        create_permissions(apps.get_app_config(label), verbosity=0, using=using)
    seen = Q(content_type__app_label__in=labels, codename__startswith="view_")
    seen &= ~Q(content_type__model__in=UNSEEN)
    done = Q(content_type__app_label="accounts", content_type__model__in=MANAGED)
    for right in (*MAY, *(right for extension in joined for right in extension.operators_may)):
        label, _dot, codename = right.partition(".")
        done |= Q(content_type__app_label=label, codename=codename)
    with transaction.atomic(using=using):
        for name, rights in ((OPERATORS, seen | done), (VIEWERS, seen)):
            group, _made = Group.objects.using(using).get_or_create(name=name)
            there = group.permissions.values("pk")
            group.permissions.add(*Permission.objects.using(using).filter(rights).exclude(pk__in=there))
