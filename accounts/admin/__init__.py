"""The operators' console about people; each module registers what it shows."""

from accounts.admin import audit, factors, invitations, people, purges

__all__ = ["audit", "factors", "invitations", "people", "purges"]
