from accounts.models.audit import AuditEvent, AuditKind
from accounts.models.purge import PurgeRequest, PurgeStatus
from accounts.models.user import Theme, User, UserQuerySet

__all__ = ["AuditEvent", "AuditKind", "PurgeRequest", "PurgeStatus", "Theme", "User", "UserQuerySet"]
