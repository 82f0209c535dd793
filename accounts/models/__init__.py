from accounts.models.purge import PurgeRequest, PurgeStatus
from accounts.models.user import Theme, User, UserQuerySet

__all__ = ["PurgeRequest", "PurgeStatus", "Theme", "User", "UserQuerySet"]
