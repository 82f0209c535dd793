"""Receivers that write signals of Django and allauth to the audit log."""

import json
from collections.abc import Callable
from typing import Any

from allauth.account import signals as allauth
from django.contrib.admin.models import CHANGE, DELETION, LogEntry
from django.contrib.auth import signals as auth
from django.contrib.auth.models import Group, Permission
from django.db.models import QuerySet
from django.db.models.signals import m2m_changed, post_save
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from accounts.audit import recording
from accounts.models import AuditKind, User


def connect() -> None:
    auth.user_logged_in.connect(signed_in)
    auth.user_login_failed.connect(sign_in_failed)
    auth.user_logged_out.connect(signed_out)
    allauth.password_changed.connect(password_changed)
    allauth.password_set.connect(password_set)
    allauth.password_reset.connect(password_reset)
    m2m_changed.connect(groups_changed, sender=User.groups.through)
    m2m_changed.connect(permissions_changed, sender=User.user_permissions.through)
    post_save.connect(done_in_admin, sender=LogEntry)


def signed_in(user: User, **_signal: Any) -> None:
    recording.record(AuditKind.SIGNED_IN, person=user, actor=user)


def sign_in_failed(credentials: dict[str, Any], **_signal: Any) -> None:
    """Record whose account it was, if anyone's; never what was typed: it may be a password."""
    typed = credentials.get("email") or credentials.get("username")
    address = User.objects.normalize_email(typed) if isinstance(typed, str) else ""
    known = User.objects.filter(email=address).first() if "\0" not in address else None
    recording.record(AuditKind.SIGN_IN_FAILED, person=known)


def signed_out(user: User | None, **_signal: Any) -> None:
    if user is not None:
        recording.record(AuditKind.SIGNED_OUT, person=user, actor=user)


def password_changed(user: User, **_signal: Any) -> None:
    recording.record(AuditKind.PASSWORD_CHANGED, person=user, actor=user)


def password_set(user: User, **_signal: Any) -> None:
    recording.record(AuditKind.PASSWORD_CHANGED, person=user, actor=user, detail=_("First one"))


def password_reset(user: User, **_signal: Any) -> None:
    recording.record(AuditKind.PASSWORD_CHANGED, person=user, actor=user, detail=_("With a link sent by email"))


def groups_changed(instance: User | Group, action: str, pk_set: set[int] | None, **_signal: Any) -> None:
    _rights_changed(instance, action=action, pks=pk_set, names=_group_names)


def permissions_changed(instance: User | Permission, action: str, pk_set: set[int] | None, **_signal: Any) -> None:
    _rights_changed(instance, action=action, pks=pk_set, names=_permission_names)


def done_in_admin(instance: LogEntry, created: bool, **_signal: Any) -> None:
    """Record what was done in the admin by model and number: the entry's own words may name a person.

    What changes a person says so itself, by what it changed.
    """
    model = instance.content_type.model_class() if instance.content_type else None
    if not created or model is None or (model is User and instance.action_flag == CHANGE):
        return
    person = User.objects.filter(pk=instance.object_id).first() if model is User else None
    what = f"{capfirst(model._meta.verbose_name)} {instance.object_id}"  # noqa: SLF001 - Django's own name for it
    if person and instance.action_flag != DELETION:
        what = ""  # the event names the person, as long as there is one
    detail = ": ".join(filter(None, (what, str(instance.get_action_flag_display()), _changed_fields(instance))))
    recording.record(AuditKind.ADMIN_ACTION, person=person, actor=instance.user, detail=detail)


def _rights_changed(
    instance: User | Group | Permission, *, action: str, pks: set[int] | None, names: Callable[[set[int]], str]
) -> None:
    signs = {"post_add": "+", "post_remove": "-", "pre_clear": "-"}
    if action not in signs:
        return
    if isinstance(instance, User):
        people, changed = [instance], names(pks) if pks is not None else _("all")
    else:
        people, changed = list(_people(instance, pks)), instance.name
    for person in people:
        recording.record(AuditKind.ROLE_CHANGED, person=person, detail=f"{signs[action]} {changed}")


def _people(instance: Group | Permission, pks: set[int] | None) -> QuerySet[User]:
    everybody: QuerySet[User] = instance.user_set.all()
    return everybody if pks is None else User.objects.filter(pk__in=pks)


def _group_names(pks: set[int]) -> str:
    return ", ".join(Group.objects.filter(pk__in=pks).order_by("name").values_list("name", flat=True))


def _permission_names(pks: set[int]) -> str:
    found = Permission.objects.filter(pk__in=pks).order_by("codename")
    return ", ".join(found.values_list("codename", flat=True))


def _changed_fields(entry: LogEntry) -> str:
    try:
        messages = json.loads(entry.change_message)
    except ValueError:
        return ""
    fields = [message.get("changed", {}).get("fields", []) for message in messages if "name" not in message]
    return ", ".join(str(field) for changed in fields for field in changed)
