from accounts.models.user import Theme, User, UserQuerySet

__all__ = ["Theme", "User", "UserQuerySet"]
