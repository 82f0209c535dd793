from accounts.models.audit import AuditEvent, AuditKind
from accounts.models.export import DataExport
from accounts.models.invitation import Invitation, InvitationState, InvitationUse
from accounts.models.purge import PurgeRequest, PurgeStatus
from accounts.models.session import Session
from accounts.models.user import Theme, User, UserQuerySet

__all__ = [
    "AuditEvent",
    "AuditKind",
    "DataExport",
    "Invitation",
    "InvitationState",
    "InvitationUse",
    "PurgeRequest",
    "PurgeStatus",
    "Session",
    "Theme",
    "User",
    "UserQuerySet",
]
