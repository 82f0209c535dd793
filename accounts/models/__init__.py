from accounts.models.audit import AuditEvent, AuditKind
from accounts.models.export import DataExport
from accounts.models.purge import PurgeRequest, PurgeStatus
from accounts.models.user import MailKind, Theme, User, UserQuerySet

__all__ = [
    "AuditEvent",
    "AuditKind",
    "DataExport",
    "MailKind",
    "PurgeRequest",
    "PurgeStatus",
    "Theme",
    "User",
    "UserQuerySet",
]
