from accounts.models.audit import AuditEvent, AuditKind
from accounts.models.invitation import Invitation, InvitationState, InvitationUse
from accounts.models.purge import PurgeRequest, PurgeStatus
from accounts.models.user import Theme, User, UserQuerySet

__all__ = [
    "AuditEvent",
    "AuditKind",
    "Invitation",
    "InvitationState",
    "InvitationUse",
    "PurgeRequest",
    "PurgeStatus",
    "Theme",
    "User",
    "UserQuerySet",
]
